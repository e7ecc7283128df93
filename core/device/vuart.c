/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated ns16550a: registers, FIFO, interrupt identification.
 *
 * Register layout and meaning: National Semiconductor PC16550D data sheet, section 8. The
 * transmitter is infinitely fast while the console takes what the guest writes. While it does not,
 * the holding register stays full, as that of a UART whose line is slow. Nothing here may wait, or
 * trust an offset, a size or a value that comes from the guest.
 */
#include "core/device/vuart.h"

#include <cleave/errno.h>

/* Registers (offset in bytes; reg-shift is 0). With LCR.DLAB set, 0 and 1 are the divisor latch. */
#define UART_RBR 0U /* read: receiver buffer */
#define UART_THR 0U /* write: transmitter holding */
#define UART_DLL 0U
#define UART_IER 1U
#define UART_DLM 1U
#define UART_IIR 2U /* read */
#define UART_FCR 2U /* write */
#define UART_LCR 3U
#define UART_MCR 4U
#define UART_LSR 5U
#define UART_MSR 6U
#define UART_SCR 7U

#define IER_RDI	 0x01U /* received data available, and timeout */
#define IER_THRI 0x02U /* transmitter holding register empty */
#define IER_RLSI 0x04U /* receiver line status */
#define IER_MSI	 0x08U /* modem status */
#define IER_MASK 0x0fU

#define IIR_NONE    0x01U
#define IIR_MSI	    0x00U
#define IIR_THRI    0x02U
#define IIR_RDI	    0x04U
#define IIR_RLSI    0x06U
#define IIR_TIMEOUT 0x0cU
#define IIR_FIFO    0xc0U

#define FCR_ENABLE     0x01U
#define FCR_CLEAR_RX   0x02U
#define FCR_KEPT       0xc9U /* enable, DMA mode, trigger level; reset bits clear themselves */
#define FCR_TRIGGER(f) ((f) >> 6)

#define LCR_DLAB 0x80U

#define MCR_DTR	 0x01U
#define MCR_RTS	 0x02U
#define MCR_OUT1 0x04U
#define MCR_OUT2 0x08U
#define MCR_LOOP 0x10U
#define MCR_MASK 0x1fU

#define LSR_DR	 0x01U
#define LSR_OE	 0x02U
#define LSR_THRE 0x20U
#define LSR_TEMT 0x40U

#define MSR_TERI   0x04U
#define MSR_CTS	   0x10U
#define MSR_DSR	   0x20U
#define MSR_RI	   0x40U
#define MSR_DCD	   0x80U
#define MSR_INPUTS 0xf0U

#define DLL_RESET 0x0cU /* 9600 baud at 1.8432 MHz, as firmware would leave it */

static const u8 vuart_triggers[] = { 1U, 4U, 8U, 14U };

/*
 * Return: the modem inputs: those of a peer that is always ready, or in loopback this UART's own
 * outputs (data sheet, 8.6.7)
 */
static u8 vuart_modem_inputs(u8 mcr)
{
	u32 in = 0;

	if ((mcr & MCR_LOOP) == 0U)
		return MSR_DCD | MSR_DSR | MSR_CTS;
	if ((mcr & MCR_RTS) != 0U)
		in |= MSR_CTS;
	if ((mcr & MCR_DTR) != 0U)
		in |= MSR_DSR;
	if ((mcr & MCR_OUT1) != 0U)
		in |= MSR_RI;
	if ((mcr & MCR_OUT2) != 0U)
		in |= MSR_DCD;
	return (u8)in;
}

static u32 vuart_trigger(const struct vuart *u)
{
	return (u->fcr & FCR_ENABLE) == 0U ? 1U : vuart_triggers[FCR_TRIGGER(u->fcr)];
}

/* Return: the interrupt of highest priority that is enabled and pending (data sheet, table 5) */
static u8 vuart_iir(const struct vuart *u)
{
	if ((u->ier & IER_RLSI) != 0U && u->overrun)
		return IIR_RLSI;
	/*
	 * If there are fewer characters than the trigger level, a timeout interrupts after the time
	 * of four characters. As far as a guest can tell, no more characters are on the way, so the
	 * timeout is reported at once.
	 */
	if ((u->ier & IER_RDI) != 0U && u->rx_count > 0U)
		return u->rx_count >= vuart_trigger(u) ? IIR_RDI : IIR_TIMEOUT;
	if ((u->ier & IER_THRI) != 0U && u->thre_pending)
		return IIR_THRI;
	if ((u->ier & IER_MSI) != 0U && u->msr_delta != 0U)
		return IIR_MSI;
	return IIR_NONE;
}

/* Report the level of the interrupt line if it has changed; u->lock is held. */
static void vuart_update_irq(struct vuart *u)
{
	bool level = vuart_iir(u) != IIR_NONE;

	spin_assert_held(&u->lock);
	if (level == u->irq)
		return;
	u->irq = level;
	vuart_irq(u, level);
}

static void vuart_push(struct vuart *u, u8 c)
{
	u->rx[(u->rx_head + u->rx_count) % VUART_FIFO_SIZE] = c;
	u->rx_count++;
}

static u8 vuart_pop(struct vuart *u)
{
	u8 c;

	if (u->rx_count == 0U)
		return 0;
	c = u->rx[u->rx_head];
	u->rx_head = (u->rx_head + 1U) % VUART_FIFO_SIZE;
	u->rx_count--;
	return c;
}

/*
 * Fetch as many characters as fit; u->lock is held. In loopback the receiver is cut off from the
 * line, and characters that come in wait in the console.
 */
static void vuart_fill(struct vuart *u)
{
	spin_assert_held(&u->lock);
	if ((u->mcr & MCR_LOOP) != 0U)
		return;
	while (u->rx_count < VUART_FIFO_SIZE) {
		int c = vuart_fetch(u);

		if (c < 0)
			return;
		vuart_push(u, (u8)c);
	}
}

/*
 * Read RBR. The FIFO is filled only when it has run empty, because each fetch takes the console's
 * lock.
 */
static u8 vuart_receive(struct vuart *u)
{
	u8 c = vuart_pop(u);

	if (u->rx_count == 0U)
		vuart_fill(u);
	return c;
}

/* Is the transmitter empty? In loopback it is cut off from the line, and fast. */
static bool vuart_empty(struct vuart *u)
{
	return (u->mcr & MCR_LOOP) != 0U || !vuart_output_full(u);
}

/*
 * Write THR. The write withdraws the interrupt, and the register, when it is empty again, raises
 * it: vuart_sent() if that is not at once.
 */
static void vuart_transmit(struct vuart *u, u8 c)
{
	u->thre_pending = true;
	if ((u->mcr & MCR_LOOP) == 0U)
		u->thre_pending = vuart_output(u, c);
	else if (u->rx_count < VUART_FIFO_SIZE)
		vuart_push(u, c);
	else
		u->overrun = true;
}

static void vuart_set_ier(struct vuart *u, u8 value)
{
	/*
	 * If the register is empty, enabling its interrupt raises it. This is how drivers begin to
	 * send.
	 */
	if ((u->ier & IER_THRI) == 0U && (value & IER_THRI) != 0U && vuart_empty(u))
		u->thre_pending = true;
	u->ier = value & IER_MASK;
}

static __attribute__((cold)) void vuart_set_fcr(struct vuart *u, u8 value)
{
	/* Switching the FIFO on or off empties it, too (data sheet, 8.6.4). */
	if ((value & FCR_CLEAR_RX) != 0U || ((value ^ u->fcr) & FCR_ENABLE) != 0U)
		u->rx_count = 0;
	u->fcr = (value & FCR_ENABLE) != 0U ? value & FCR_KEPT : 0U;
	vuart_fill(u);
}

static __attribute__((cold)) void vuart_set_mcr(struct vuart *u, u8 value)
{
	u8 before = vuart_modem_inputs(u->mcr);
	u8 after = vuart_modem_inputs(value);
	u8 changed = (u8)((before ^ after) & MSR_INPUTS);

	/*
	 * DCTS, DDSR and DDCD report any change, TERI reports only that the ring indicator has
	 * ended.
	 */
	u->msr_delta |= (u8)((changed & ~MSR_RI) >> 4);
	if ((changed & before & MSR_RI) != 0U)
		u->msr_delta |= MSR_TERI;
	u->mcr = value & MCR_MASK;
	vuart_fill(u);
}

static u8 vuart_read_iir(struct vuart *u)
{
	u8 iir = vuart_iir(u);

	if (iir == IIR_THRI)
		u->thre_pending = false;
	if ((u->fcr & FCR_ENABLE) != 0U)
		iir |= IIR_FIFO;
	return iir;
}

static u8 vuart_read_lsr(struct vuart *u)
{
	u32 lsr = vuart_empty(u) ? LSR_THRE | LSR_TEMT : 0U;

	if (u->rx_count > 0U)
		lsr |= LSR_DR;
	if (u->overrun)
		lsr |= LSR_OE;
	u->overrun = false;
	return (u8)lsr;
}

static u8 vuart_read_msr(struct vuart *u)
{
	u8 msr = vuart_modem_inputs(u->mcr) | u->msr_delta;

	u->msr_delta = 0;
	return msr;
}

static u8 vuart_read_reg(struct vuart *u, u64 reg)
{
	bool dlab = (u->lcr & LCR_DLAB) != 0U;

	switch (reg) {
	case UART_RBR:
		return dlab ? u->dll : vuart_receive(u);
	case UART_IER:
		return dlab ? u->dlm : u->ier;
	case UART_IIR:
		return vuart_read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return vuart_read_lsr(u);
	case UART_MSR:
		return vuart_read_msr(u);
	case UART_SCR:
		return u->scr;
	default:
		return 0;
	}
}

static void vuart_write_reg(struct vuart *u, u64 reg, u8 value)
{
	bool dlab = (u->lcr & LCR_DLAB) != 0U;

	switch (reg) {
	case UART_THR:
		if (dlab)
			u->dll = value;
		else
			vuart_transmit(u, value);
		break;
	case UART_IER:
		if (dlab)
			u->dlm = value;
		else
			vuart_set_ier(u, value);
		break;
	case UART_FCR:
		vuart_set_fcr(u, value);
		break;
	case UART_LCR:
		u->lcr = value;
		break;
	case UART_MCR:
		vuart_set_mcr(u, value);
		break;
	case UART_SCR:
		u->scr = value;
		break;
	default: /* LSR and MSR are read-only, and there is no register after SCR */
		break;
	}
}

__attribute__((cold)) void vuart_reset(struct vuart *u)
{
	spin_lock(&u->lock);
	u->ier = 0;
	u->lcr = 0;
	u->mcr = 0;
	u->scr = 0;
	u->fcr = 0;
	u->dll = DLL_RESET;
	u->dlm = 0;
	u->msr_delta = 0;
	u->overrun = false;
	u->thre_pending = false;
	u->rx_head = 0;
	u->rx_count = 0;
	vuart_update_irq(u);
	spin_unlock(&u->lock);
}

u64 vuart_read(void *opaque, u32 vcpu, u64 offset, u8 size)
{
	struct vuart *u = opaque;
	u8 value;

	/* Registers are one byte wide; a wider access gets the register at its first byte. */
	(void)vcpu;
	(void)size;
	spin_lock(&u->lock);
	value = vuart_read_reg(u, offset);
	vuart_update_irq(u);
	spin_unlock(&u->lock);
	return value;
}

void vuart_write(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value)
{
	struct vuart *u = opaque;

	(void)vcpu;
	(void)size;
	spin_lock(&u->lock);
	vuart_write_reg(u, offset, (u8)value);
	vuart_update_irq(u);
	spin_unlock(&u->lock);
}

void vuart_sent(struct vuart *u)
{
	spin_lock(&u->lock);
	u->thre_pending = true;
	vuart_update_irq(u);
	spin_unlock(&u->lock);
}

void vuart_refill(struct vuart *u)
{
	spin_lock(&u->lock);
	vuart_fill(u);
	vuart_update_irq(u);
	spin_unlock(&u->lock);
}

__attribute__((cold)) u64 vuart_take(struct vuart *u, u8 *buf, u64 len)
{
	u64 n = 0;

	spin_lock(&u->lock);
	while (n < len && u->rx_count > 0U)
		buf[n++] = vuart_receive(u);
	/*
	 * Input may still wait: in loopback, or when vuart_refill() has not been called for it yet.
	 */
	while (n < len) {
		int c = vuart_fetch(u);

		if (c < 0)
			break;
		buf[n++] = (u8)c;
	}
	vuart_update_irq(u);
	spin_unlock(&u->lock);
	return n;
}

/* --- state records ---------------------------------------------------------------------------- */

_Static_assert(VUART_FIFO_SIZE == CLEAVE_STATE_UART_FIFO, "the record has the whole FIFO");

__attribute__((cold)) void vuart_save(struct vuart *u, struct cleave_state_uart *r)
{
	spin_lock(&u->lock);
	*r = (struct cleave_state_uart){ .ier = u->ier,
					 .lcr = u->lcr,
					 .mcr = u->mcr,
					 .scr = u->scr,
					 .fcr = u->fcr,
					 .dll = u->dll,
					 .dlm = u->dlm,
					 .msr = u->msr_delta,
					 .received = (u8)u->rx_count };
	if (u->overrun)
		r->flags |= CLEAVE_STATE_UART_OVERRUN;
	/* What fills the console here does not move: there the transmitter is empty. */
	if (u->thre_pending || !vuart_empty(u))
		r->flags |= CLEAVE_STATE_UART_THRE;
	for (u32 n = 0; n < u->rx_count; n++)
		r->fifo[n] = u->rx[(u->rx_head + n) % VUART_FIFO_SIZE];
	spin_unlock(&u->lock);
}

/*
 * Could a guest have written these registers? vuart_set_ier(), vuart_set_fcr() and vuart_set_mcr()
 * let no other bits in.
 */
static bool vuart_is_legal(const struct cleave_state_uart *r)
{
	u32 rest = 0;

	for (u32 n = 0; n < ARRAY_SIZE(r->reserved); n++)
		rest |= r->reserved[n];
	for (u32 n = r->received; n < VUART_FIFO_SIZE; n++)
		rest |= r->fifo[n];
	return rest == 0U && r->received <= VUART_FIFO_SIZE && (r->ier & ~IER_MASK) == 0U &&
	       (r->mcr & ~MCR_MASK) == 0U && (r->msr & MSR_INPUTS) == 0U &&
	       ((r->fcr & FCR_ENABLE) != 0U ? (r->fcr & ~FCR_KEPT) == 0U : r->fcr == 0U) &&
	       (r->flags & ~(CLEAVE_STATE_UART_OVERRUN | CLEAVE_STATE_UART_THRE)) == 0U;
}

__attribute__((cold)) int vuart_load(struct vuart *u, const struct cleave_state_uart *r)
{
	if (!vuart_is_legal(r))
		return CLV_ERR_INVAL;
	spin_lock(&u->lock);
	u->ier = r->ier;
	u->lcr = r->lcr;
	u->mcr = r->mcr;
	u->scr = r->scr;
	u->fcr = r->fcr;
	u->dll = r->dll;
	u->dlm = r->dlm;
	u->msr_delta = r->msr;
	u->overrun = (r->flags & CLEAVE_STATE_UART_OVERRUN) != 0U;
	u->thre_pending = (r->flags & CLEAVE_STATE_UART_THRE) != 0U;
	u->rx_head = 0;
	u->rx_count = r->received;
	for (u32 n = 0; n < VUART_FIFO_SIZE; n++)
		u->rx[n] = r->fifo[n];
	vuart_update_irq(u);
	spin_unlock(&u->lock);
	return CLV_OK;
}
