# SPDX-License-Identifier: BSD-2-Clause
"""Three pairs of keys, made by `openssl ecparam` and `openssl ec -pubout` for tests alone."""

OWN = {
    "a": """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIDP0HaS+Gm8VsCkjiI7BudcpR9i9m4LcL1PSNpIfasNmoAoGCCqGSM49
AwEHoUQDQgAEycewv0rb44pwTIY0lLBaoVtiuoOYuq+Gth8xpdbk8QyM1aMfbNIM
lBWDRN9ieLE1tkPJjKB4ItJKfmoAnosu0w==
-----END EC PRIVATE KEY-----
""",
    "b": """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIDGoJx7O/qYcsjndnyYl3M5P9i/E8zZtveZeBnmgpefvoAoGCCqGSM49
AwEHoUQDQgAEbpdaQW+EstzlyAR0mtACbny0OwQW9pqyfjloliUw0D9AcEJb7URL
3VPbQG0Phw5wnqSkKWiQJjcA3W6VTSnGGw==
-----END EC PRIVATE KEY-----
""",
    "c": """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILbOg8SdpaAphEgry6uEnCAhlmAsTibuRvRW879OxmsRoAoGCCqGSM49
AwEHoUQDQgAECotWaxplMS/rwga0AYAJWnQW+Egenhg2SfdcHH7tS+Bu+VBnaE8R
wHts5LvkBmE7N+xgx+zjdshlw1Ab3LI0Zw==
-----END EC PRIVATE KEY-----
""",
}
PUBLIC = {
    "a": """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEycewv0rb44pwTIY0lLBaoVtiuoOY
uq+Gth8xpdbk8QyM1aMfbNIMlBWDRN9ieLE1tkPJjKB4ItJKfmoAnosu0w==
-----END PUBLIC KEY-----
""",
    "b": """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbpdaQW+EstzlyAR0mtACbny0OwQW
9pqyfjloliUw0D9AcEJb7URL3VPbQG0Phw5wnqSkKWiQJjcA3W6VTSnGGw==
-----END PUBLIC KEY-----
""",
    "c": """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECotWaxplMS/rwga0AYAJWnQW+Ege
nhg2SfdcHH7tS+Bu+VBnaE8RwHts5LvkBmE7N+xgx+zjdshlw1Ab3LI0Zw==
-----END PUBLIC KEY-----
""",
}


def write(path, own, peer):
    """Write the file of a side that has the key `own` and knows `peer`. Return: its path"""
    with open(path, "w", encoding="ascii") as file:
        file.write(OWN[own] + PUBLIC[peer])
    return str(path)
