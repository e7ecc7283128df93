/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the stub knows of UEFI: the tables and protocols that it uses, as the UEFI Specification
 * 2.10 lays them out. What it never calls stands as a number of words. Builds for the host too.
 *
 * On a hart EFI's calling convention is the one that the compiler uses (2.3.7, "RISC-V Platforms").
 * Everything that these tables point to is the firmware's: its numbers are checked where they are
 * used.
 */
#ifndef ARCH_RISCV_EFI_H
#define ARCH_RISCV_EFI_H

#include <cleave/types.h>

/* Appendix D: the highest bit says that a status is an error. */
typedef u64 efi_status;

#define EFI_ERROR	      BIT64(63)
#define EFI_SUCCESS	      ((efi_status)0U)
#define EFI_LOAD_ERROR	      (EFI_ERROR | 1U)
#define EFI_INVALID_PARAMETER (EFI_ERROR | 2U)
#define EFI_UNSUPPORTED	      (EFI_ERROR | 3U)
#define EFI_BUFFER_TOO_SMALL  (EFI_ERROR | 5U)
#define EFI_OUT_OF_RESOURCES  (EFI_ERROR | 9U)
#define EFI_NOT_FOUND	      (EFI_ERROR | 14U)
#define EFI_COMPROMISED_DATA  (EFI_ERROR | 33U)

typedef void *efi_handle;

/** struct efi_guid - the name of a table or protocol */
struct efi_guid {
	u32 a;
	u16 b;
	u16 c;
	u8 d[8];
};

/** struct efi_table_header - what the tables of 4.2 begin with */
struct efi_table_header {
	u64 signature;
	u32 revision;
	u32 size;
	u32 crc32;
	u32 reserved;
};

/** enum efi_memory_type - 7.2, EFI_MEMORY_TYPE: those that the stub names */
enum efi_memory_type {
	EFI_LOADER_CODE = 1,
	EFI_LOADER_DATA = 2,
	EFI_BOOT_SERVICES_CODE = 3,
	EFI_BOOT_SERVICES_DATA = 4,
	EFI_CONVENTIONAL_MEMORY = 7,
};

#define EFI_MEMORY_WB	   BIT64(3)  /* can be cached */
#define EFI_MEMORY_SP	   BIT64(18) /* set aside for a purpose of its own */
#define EFI_MEMORY_RUNTIME BIT64(63) /* the firmware goes on using it */

/** struct efi_memory_descriptor - a range of GetMemoryMap(); what follows it is not ours to know */
struct efi_memory_descriptor {
	u32 type;
	u32 reserved;
	u64 base;
	u64 virtual_base;
	u64 pages;
	u64 attributes;
};

enum efi_allocate_type {
	EFI_ALLOCATE_ANY_PAGES = 0,
	EFI_ALLOCATE_ADDRESS = 2,
};

/** struct efi_device_path - 10.2, the head of a node; its bytes follow, and more nodes */
struct efi_device_path {
	u8 type;
	u8 subtype;
	u8 length[2];
};

#define EFI_PATH_MEDIA	0x04U
#define EFI_PATH_VENDOR 0x03U
#define EFI_PATH_END	0x7fU

/** struct efi_text_output - 12.4.1, EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL */
struct efi_text_output {
	u64 reset;
	efi_status (*output_string)(struct efi_text_output *self, const u16 *text);
};

/** struct efi_boot_services - 4.4 */
struct efi_boot_services {
	struct efi_table_header header;
	u64 task_priority[2];
	efi_status (*allocate_pages)(u32 how, u32 type, u64 pages, u64 *address);
	efi_status (*free_pages)(u64 address, u64 pages);
	efi_status (*get_memory_map)(u64 *size, void *map, u64 *key, u64 *descriptor_size,
				     u32 *version);
	u64 pools_and_events[8];
	u64 install_protocol[3];
	efi_status (*handle_protocol)(efi_handle handle, const struct efi_guid *name, void **out);
	u64 notify_and_locate[3];
	efi_status (*locate_device_path)(const struct efi_guid *protocol,
					 const struct efi_device_path **path, efi_handle *out);
	u64 images[5];
	efi_status (*exit_boot_services)(efi_handle image, u64 key);
	u64 time[3];
	u64 controllers[5];
	u64 protocols[2];
	efi_status (*locate_protocol)(const struct efi_guid *name, void *registration, void **out);
};

/** struct efi_configuration_table - 4.6 */
struct efi_configuration_table {
	struct efi_guid name;
	const void *table;
};

/** struct efi_system_table - 4.3 */
struct efi_system_table {
	struct efi_table_header header;
	u64 vendor[2];
	efi_handle console_in_handle;
	void *console_in;
	efi_handle console_out_handle;
	struct efi_text_output *console_out;
	u64 standard_error[2];
	void *runtime;
	struct efi_boot_services *boot;
	u64 nr_tables;
	const struct efi_configuration_table *table;
};

/** struct efi_loaded_image - 9.1.1, EFI_LOADED_IMAGE_PROTOCOL */
struct efi_loaded_image {
	u32 revision;
	efi_handle parent;
	struct efi_system_table *system;
	efi_handle device;
	struct efi_device_path *file;
	void *reserved;
	u32 options_size;
	const void *options;
};

/** struct efi_load_file2 - 13.2, EFI_LOAD_FILE2_PROTOCOL */
struct efi_load_file2 {
	efi_status (*load_file)(struct efi_load_file2 *self, const struct efi_device_path *path,
				bool boot_policy, u64 *size, void *buffer);
};

#define EFI_FILE_READ UINT64_C(1)

/** struct efi_file - 13.5, EFI_FILE_PROTOCOL */
struct efi_file {
	u64 revision;
	efi_status (*open)(struct efi_file *self, struct efi_file **out, const u16 *name, u64 mode,
			   u64 attributes);
	efi_status (*close)(struct efi_file *self);
	u64 remove;
	efi_status (*read)(struct efi_file *self, u64 *size, void *buffer);
	u64 write;
	efi_status (*get_position)(struct efi_file *self, u64 *position);
	efi_status (*set_position)(struct efi_file *self, u64 position);
};

/** struct efi_file_system - 13.4, EFI_SIMPLE_FILE_SYSTEM_PROTOCOL */
struct efi_file_system {
	u64 revision;
	efi_status (*open_volume)(struct efi_file_system *self, struct efi_file **root);
};

/** struct efi_riscv_boot - RISC-V UEFI Protocol Specification 1.0, RISCV_EFI_BOOT_PROTOCOL */
struct efi_riscv_boot {
	u64 revision;
	efi_status (*get_boot_hartid)(struct efi_riscv_boot *self, u64 *hartid);
};

#endif
