#!/usr/bin/env python3
"""A webhook over HTTPS and a mail server with STARTTLS, on ports of their own. Each line that it prints is a JSON object: first
the ports, then what arrives."""

import asyncio, base64, email, email.policy, hashlib, hmac, http.server, json, ssl, sys, threading

from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, secret, password = sys.argv[1:]


def say(**words):
    print(json.dumps(words), flush=True)


def trust():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        genuine = hmac.compare_digest(self.headers["webhook-signature"], f"v1,{wanted}")
        self.send_response(204 if genuine else 403)
        self.end_headers()
        say(by="webhook", genuine=genuine, id=self.headers["webhook-id"], body=json.loads(body))

    def log_message(self, *words):
        pass


class Mail:
    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        name = letter["Message-ID"].strip("<>").split("@")[0]
        say(by="mail", genuine=session.ssl is not None and session.authenticated, id=name, subject=str(letter["Subject"]),
            to=envelope.rcpt_tos, text=letter.get_content())
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == password.encode())


async def main():
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    hook.socket = trust().wrap_socket(hook.socket, server_side=True)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    context = trust()

    def smtp():
        return SMTP(Mail(), hostname="localhost", tls_context=context, require_starttls=True, auth_required=True,
                    authenticator=login)

    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0)
    say(webhook=hook.server_address[1], mail=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
