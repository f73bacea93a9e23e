# SPDX-License-Identifier: MIT
"""A certificate authority for a test, made with the openssl program."""
import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass
class Pair:
    """A certificate and its key, as files and as bytes."""

    certificate: pathlib.Path
    key: pathlib.Path

    @property
    def certificate_pem(self):
        return self.certificate.read_bytes()

    @property
    def key_pem(self):
        return self.key.read_bytes()


class Authority(Pair):
    """Issues certificates that its own one vouches for."""

    def issue(self, name, file=None):
        folder = self.certificate.parent
        stem = file or name
        leaf = Pair(folder / f"{stem}.pem", folder / f"{stem}.key")
        request, extensions = folder / f"{stem}.csr", folder / f"{stem}.ext"
        extensions.write_text(f"subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-new", *KEY, "-subj", f"/CN={name}", "-keyout", leaf.key, "-out", request)
        openssl("x509", "-req", "-days", "2", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                "-CAcreateserial", "-extfile", extensions, "-out", leaf.certificate)  # fmt: skip
        leaf.key.chmod(0o600)
        return leaf


KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_authority(folder, name="authority"):
    authority = Authority(folder / f"{name}.pem", folder / f"{name}.key")
    openssl("req", "-x509", "-days", "2", *KEY, "-subj", f"/CN={name}", "-keyout", authority.key, "-out",
            authority.certificate)  # fmt: skip
    return authority
