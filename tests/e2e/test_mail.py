"""A real mail server gets what staff get, over TLS, or says why not."""

import email
import email.policy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from province import ROOT, expect, run

from local.process import Failure, Process, free_port, port_open, wait_until
from local.servers import binary

TOOL = Path(os.environ["GONG_TOOL_DIR"]) / "send_message"
SUBJECT = ("[CHUYỂN CẤP TRÊN] [KHẨN CẤP] 9.901 cảnh báo, Xã Sơn Hoà; #17 Củng "
           "Sơn 40,31 m, trên báo động III 5,81 m, tăng 0,42 m/giờ")
LINK = ("https://gong.example/a/"
        "AWaHwAERY3MtZHV0eS0xWT92I4pDk0BGcb-IdC1Gmw")
MESSAGE = {
    "kind": "escalate", "receiver": "unit-head", "unit": "22015",
    "unit_name": "Xã Sơn Hoà", "step": 1, "at": 1763601000000,
    "link": "https://gong.example/alerts",
    "omitted": {"firing": 9900, "resolved": 0},
    "items": [{
        "number": 17, "news": "climbed", "state": "open", "alert": "firing",
        "rule": "water/flood",
        "labels": {"alertname": "Flood", "device": "cung-son"},
        "annotations": {
            "unit_name": "Xã Sơn Hoà",
            "summary": "Củng Sơn 40.31 m[[, trên báo động {level:roman} "
                       "{value-param_level#:2} m]][[, {trend:+2} m/giờ]]",
            "action": "Sơ tán dân <vùng ngập>.\r\nBcc: x@example.vn"},
        "value": "40.31", "level": 3, "told_level": 2,
        "severity": "critical", "since": 1763598300000,
        "opened": 1763600400000, "ended": 0, "owner": "",
        "facts": {"param_level3": "34.5", "trend": "0.42"}}]}


class Mail:
    """A folder with a server and a certificate; use with `with`."""

    def __init__(self, **options):
        self.folder = Path(tempfile.mkdtemp(prefix="gong-mail-"))
        self.cert = self.folder / "cert.pem"
        self.key = self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "2", "-subj", "/CN=gong test", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out",
             self.cert], check=True, capture_output=True)
        (self.folder / "password").write_text("p w%d\n")
        self.port = free_port()
        if options.pop("tls", True):
            options.update(cert=str(self.cert), key=str(self.key))
        packages = binary("usr/lib/python3/dist-packages")
        binary("usr/lib/python3/dist-packages/aiosmtpd")
        self.server = Process(
            "mail-server",
            [sys.executable, ROOT / "tests" / "e2e" / "mail_server.py",
             self.folder, self.port, json.dumps(options)], self.folder,
            env={"PYTHONPATH": str(packages)})

    def __enter__(self):
        self.server.start()
        wait_until(lambda: self.server.check() or port_open(self.port), 20,
                   "the mail server's port")
        return self

    def __exit__(self, kind, *_):
        self.server.stop()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, to="duty@example.vn", scheme="smtp", message=None,
             mail_key="gong-17-1", **keys):
        """The outcome and the reason."""
        keys = {"url": f"{scheme}://127.0.0.1:{self.port}/gong.example.vn",
                "from": "gong@example.vn", "from_name": "Trung tâm Giám sát",
                "ca_file": str(self.cert), "timeout": "20s", **keys}
        config = self.folder / "mail.cfg"
        config.write_text("".join(f"{name} = {json.dumps(value, ensure_ascii=False)};\n"
                                  for name, value in keys.items()))
        path = self.folder / "message.json"
        path.write_text(json.dumps(message or MESSAGE))
        done = subprocess.run([TOOL, config, to, mail_key, path],
                              capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode != 0:
            raise Failure(f"send_message: {done.returncode}: {done.stderr}")
        outcome, _, why = done.stdout.strip().partition(" ")
        expect("p w%d" not in done.stdout + done.stderr, "the password is told")
        return outcome, why

    def got(self):
        """[(envelope, mail, raw bytes)] in order."""
        return [(json.loads(about.read_text()),
                 email.message_from_bytes(
                     about.with_suffix(".eml").read_bytes(),
                     policy=email.policy.strict),
                 about.with_suffix(".eml").read_bytes())
                for about in sorted(self.folder.glob("*.json"))
                if about.stem.isdigit()]


# What a mail may say before its text, each once.
HEADERS = {"Date", "From", "To", "Subject", "Message-ID", "References",
           "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
           "Content-Type", "Importance", "X-Priority"}


def check_form(mail, raw):
    """What holds of each mail, whatever is in it. The parser is strict: it
    raises at a defect."""
    expect(len(mail.keys()) == len(set(mail.keys())), f"twice: {mail.keys()}")
    expect(set(mail.keys()) <= HEADERS, f"headers {mail.keys()}")
    for name, value in mail.items():
        expect(not value.defects, f"{name}: {value.defects}")
    head, _, body = raw.partition(b"\r\n\r\n")
    expect(all(len(line) <= 78 for line in raw.split(b"\r\n")), "a long line")
    expect(b"\n" not in raw.replace(b"\r\n", b""), "a bare line feed")
    expect(raw.isascii(), "a byte beyond ASCII")
    expect(not any(line.startswith(b".") for line in body.split(b"\r\n")),
           "a line begins with a dot")
    for word in re.findall(rb"=\?[^?]*\?[^?]*\?[^?]*\?=", head):
        expect(len(word) <= 75, f"a long encoded word {word}")
    expect(re.fullmatch(r"<[^<>\s@]+@[^<>\s@]+>", mail["Message-ID"]),
           f"id {mail['Message-ID']}")


def check_mail(mail, raw):
    check_form(mail, raw)
    expect(mail["Subject"] == SUBJECT, f"subject {mail['Subject']}")
    expect(mail["To"] == "duty@example.vn", f"to {mail['To']}")
    expect(mail["From"].addresses[0].addr_spec == "gong@example.vn",
           f"from {mail['From']}")
    expect(mail["From"].addresses[0].display_name == "Trung tâm Giám sát",
           f"name {mail['From']}")
    expect(mail["Message-ID"] == "<gong-17-1@example.vn>",
           f"id {mail['Message-ID']}")
    expect(mail["Auto-Submitted"] == "auto-generated", "it is not automatic")
    expect(mail["Date"].datetime.timestamp() == 1763601000,
           f"date {mail['Date']}")
    expect(mail["Bcc"] is None, "a header was injected")
    parts = list(mail.walk())
    expect([part.get_content_type() for part in parts]
           == ["multipart/alternative", "text/plain", "text/html"],
           f"parts {parts}")
    expect(not any(part.defects for part in parts), "defects")
    return [part.get_content() for part in parts[1:]]


def check_texts(text, html):
    for wanted in ("#17", "Củng Sơn 40,31 m, trên báo động III 5,81 m, tăng "
                   "0,42 m/giờ", "Xã Sơn Hoà", "07:25 ngày 20/11",
                   "chưa ai tiếp nhận sau 10 phút", LINK,
                   "9.900 cảnh báo khác", "nobody acknowledged within 10 min",
                   "9,900 other alerts"):
        expect(wanted in text, f"{wanted} is not in\n{text}")
        expect(wanted in html, f"{wanted} is not in\n{html}")
    expect("Việc cần làm ngay: Sơ tán dân <vùng ngập>." in text, text)
    expect("Sơ tán dân &lt;vùng ngập&gt;." in html, html)
    expect("\nBcc" not in text, text)


def a_mail_arrives_over_starttls():
    with Mail(starttls=True, user="gong", password="p w%d") as server:
        outcome = server.send(tls="required", user="gong",
                              password_file=str(server.folder / "password"))
        expect(outcome == ("sent", ""), f"{outcome}")
        (about, mail, raw), = server.got()
        expect(about == {"from": "gong@example.vn", "to": ["duty@example.vn"],
                         "tls": True, "user": "gong"}, f"{about}")
        check_texts(*check_mail(mail, raw))


def a_hundred_alerts_are_one_mail():
    message = dict(MESSAGE, items=[
        dict(MESSAGE["items"][0], number=number) for number in range(1, 101)])
    with Mail(starttls=True) as server:
        expect(server.send(tls="required", message=message)[0] == "sent",
               "it is not sent")
        (_, mail, _), = server.got()
        text = mail.get_body(("plain",)).get_content()
        expect(text.count("· #") == 200, "alerts are missing")


def hostile(text):
    item = MESSAGE["items"][0]
    return dict(
        MESSAGE, receiver=text, unit_name=text, kind="news",
        omitted={"firing": 0, "resolved": 0},
        items=[dict(item, owner=text, acked_by=text, device_name=text,
                    annotations={"unit_name": text, "summary": text,
                                 "action": text})])


def what_texts_hold_stays_text():
    texts = ("a\r\nBcc: x@example.vn\r\n\r\nbody", "\r\n.\r\nQUIT\r\n",
             ".", "..\n.\n", "=?UTF-8?B?QQ==?=", "--=_gong_gong-17-1--",
             "Củng Sơn ế " * 40, "x" * 1000, "\u202e\u2028\x1b[2J", "")
    with Mail(starttls=True) as server:
        for number, text in enumerate(texts):
            outcome = server.send(tls="required", message=hostile(text),
                                  mail_key=f"k\r\n>{number}",
                                  from_name="Trung tâm, \"IOC\" <x@y>; ế" * 4)
            expect(outcome == ("sent", ""), f"{text!r}: {outcome}")
        got = server.got()
        expect(len(got) == len(texts), f"{len(got)} mails")
        for (about, mail, raw), text in zip(got, texts):
            check_form(mail, raw)
            expect(about["to"] == ["duty@example.vn"], f"{about}")
            expect([str(one) for one in mail["To"].addresses]
                   == ["duty@example.vn"], f"to {mail['To']}")
            expect(mail["From"].addresses[0].addr_spec == "gong@example.vn"
                   and len(mail["From"].addresses) == 1, f"{mail['From']}")
            expect("#17" in mail["Subject"], f"subject {mail['Subject']}")
            expect(len(list(mail.walk())) == 3, f"parts of {text!r}")
            expect("\x1b" not in mail.get_body(("plain",)).get_content(),
                   "a control character")


def mails_of_an_incident_are_a_thread():
    with Mail(starttls=True) as server:
        for key, number in (("a-1", 17), ("a-2", 17), ("b-1", 18)):
            message = dict(MESSAGE, items=[dict(MESSAGE["items"][0],
                                                number=number)])
            expect(server.send(tls="required", message=message,
                               mail_key=key)[0] == "sent", "it is not sent")
        mails = [mail for _, mail, _ in server.got()]
        expect(len({mail["Message-ID"] for mail in mails}) == 3, "one id twice")
        threads = [mail["References"] for mail in mails]
        expect(threads[0] == threads[1] != threads[2], f"{threads}")


def what_is_over_is_not_urgent():
    ended = dict(MESSAGE, kind="news", items=[dict(
        MESSAGE["items"][0], news="resolved", ended=1763601000000)])
    with Mail(starttls=True) as server:
        expect(server.send(tls="required", message=ended)[0] == "sent",
               "it is not sent")
        (_, mail, raw), = server.got()
        check_form(mail, raw)
        expect(mail["Importance"] is None, "it is urgent")
        expect("kéo dài 45 phút" in mail.get_body(("plain",)).get_content(),
               "it does not say for how long")


def a_stranger_gets_nothing():
    with Mail(starttls=True, user="gong", password="p w%d") as server:
        password = str(server.folder / "password")
        outcome, why = server.send(tls="required", user="gong", ca_file="",
                                   password_file=password)
        expect(outcome == "exhausted" and "ertificate" in why, f"{why}")
        outcome, why = server.send(tls="required", user="somebody",
                                   password_file=password)
        expect(outcome == "exhausted", f"{outcome} {why}")
        expect(not server.got(), "it was taken")


def nothing_goes_in_clear():
    with Mail(tls=False) as server:
        outcome, why = server.send(tls="required")
        expect(outcome == "exhausted", f"{outcome} {why}")
        expect(not server.got(), "it went in clear")
        # On loopback alone that may be.
        expect(server.send()[0] == "sent", "it is not sent")
        expect(server.send(tls="none")[0] == "sent", "it is not sent")
        expect(len(server.got()) == 2, "it did not arrive")


def refusals_are_told_apart():
    with Mail(starttls=True) as server:
        outcome, why = server.send(to="no-one@example.vn")
        expect(outcome == "refuse" and "550" in why, f"{outcome} {why}")
        outcome, why = server.send(to="later-on@example.vn")
        expect(outcome == "retry" and "451" in why, f"{outcome} {why}")
        expect(not server.got(), "it was taken")


def tls_from_the_first_byte():
    with Mail(smtps=True, user="gong", password="p w%d") as server:
        outcome = server.send(scheme="smtps", user="gong",
                              password_file=str(server.folder / "password"))
        expect(outcome == ("sent", ""), f"{outcome}")
        (about, mail, raw), = server.got()
        expect(about["user"] == "gong", f"{about}")
        check_texts(*check_mail(mail, raw))


if __name__ == "__main__":
    run(a_mail_arrives_over_starttls, a_hundred_alerts_are_one_mail,
        what_texts_hold_stays_text, mails_of_an_incident_are_a_thread,
        what_is_over_is_not_urgent,
        a_stranger_gets_nothing, nothing_goes_in_clear,
        refusals_are_told_apart, tls_from_the_first_byte)
