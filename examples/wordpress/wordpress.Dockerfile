FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends apache2 libapache2-mod-php php-mysql php-gd wordpress \
    && rm -rf /var/lib/apt/lists/* \
    && printf 'DocumentRoot /usr/share/wordpress\n<Directory /usr/share/wordpress>\nAllowOverride All\nRequire all granted\n</Directory>\n' \
        >/etc/apache2/conf-enabled/wordpress.conf \
    && rm -f /etc/apache2/sites-enabled/*
COPY config.php /etc/wordpress/config-default.php
COPY wordpress.sh /usr/local/bin/wordpress.sh
CMD ["sh", "/usr/local/bin/wordpress.sh"]
