FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mariadb-server \
    && rm -rf /var/lib/apt/lists/* /var/lib/mysql/*
COPY mysql.sh /usr/local/bin/mysql.sh
CMD ["sh", "/usr/local/bin/mysql.sh"]
