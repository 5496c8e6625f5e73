# Fills the volume with the themes and plugins of the package where it is empty, and serves.
set -eu
content=/var/lib/wordpress/wp-content
if [ ! -e "$content/themes" ]; then
    mkdir -p "$content"
    cp -RL /usr/share/wordpress/wp-content/. "$content"
fi
mkdir -p "$content/uploads"
chown -R www-data:www-data "$content"
set +u
. /etc/apache2/envvars
set -u
mkdir -p "$APACHE_RUN_DIR"
export MYSQL_PASSWORD
exec apache2 -DFOREGROUND -c "ServerName wordpress" -c "PassEnv MYSQL_PASSWORD" -c "ErrorLog /dev/stderr"
