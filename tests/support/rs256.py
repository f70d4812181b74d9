"""Tokens signed RS256 (RFC 7518, section 3.3) and the key set to check them with, over Python's own integers: a fake needs
neither a package nor the code that it tests."""

import base64
import hashlib
import json
import math
import secrets

PRIME_BITS = 1024
EXPONENT = 65537
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, section 9.2
SMALL_PRIMES = [number for number in range(3, 2000, 2) if all(number % other for other in range(3, math.isqrt(number) + 1, 2))]


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def is_prime(number, rounds=20):
    """Miller and Rabin's test."""
    if any(number % small == 0 for small in SMALL_PRIMES):
        return False
    odd = number - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    for _ in range(rounds):
        power = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def prime():
    while True:
        candidate = secrets.randbits(PRIME_BITS) | (3 << (PRIME_BITS - 2)) | 1
        if candidate % EXPONENT != 1 and is_prime(candidate):
            return candidate


class Key:
    """One RSA key of 2048 bits."""

    def __init__(self):
        self.p, self.q = prime(), prime()
        self.modulus = self.p * self.q
        private = pow(EXPONENT, -1, (self.p - 1) * (self.q - 1))
        self.of_p, self.of_q = private % (self.p - 1), private % (self.q - 1)
        self.inverse = pow(self.q, -1, self.p)
        self.id = secrets.token_hex(8)

    def sign(self, octets):
        size = 2 * PRIME_BITS // 8
        digest = SHA256_PREFIX + hashlib.sha256(octets).digest()
        padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
        number = int.from_bytes(padded, "big")
        by_p, by_q = pow(number, self.of_p, self.p), pow(number, self.of_q, self.q)
        return (by_q + self.q * ((by_p - by_q) * self.inverse % self.p)).to_bytes(size, "big")

    def token(self, claims, **header):
        parts = {"alg": "RS256", "typ": "JWT", "kid": self.id} | header, claims
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        return signed + "." + base64url(self.sign(signed.encode()))

    def published(self):
        """As a member of a JSON Web Key Set."""
        def number(value):
            return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))

        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": number(self.modulus), "e": number(EXPONENT)}
