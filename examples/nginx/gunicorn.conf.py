# /etc/sampan/gunicorn.conf.py
home = "/var/lib/sampan"
raw_env = [f"SAMPAN_HOME={home}"]
wsgi_app = "sampan_server.wsgi:app"
worker_class = "sampan_http.Worker"
workers = 2

# The first is for nginx of this machine and speaks no TLS: who may write to the socket is believed to be nginx, and a
# socket that everybody may write to is not believed. The second is for programs of this machine, and for an nginx on
# another, if it listens on more than loopback.
bind = ["unix:/run/sampan/api.sock", "127.0.0.1:6444"]
umask = 0o117
certfile = f"{home}/pki/server.crt"
keyfile = f"{home}/pki/server.key"
ca_certs = f"{home}/pki/client-ca.crt"

graceful_timeout = 30
timeout = 60
backlog = 2048
control_socket_disable = True
