# Makes the database where the volume is empty, sets the password of the user wordpress, and serves.
set -eu
data=/var/lib/mysql/data
if [ ! -d "$data/mysql" ]; then
    mariadb-install-db --user=mysql --datadir="$data" --skip-test-db >/dev/null
fi
chown -R mysql:mysql /var/lib/mysql
quoted=$(printf %s "$MYSQL_PASSWORD" | sed "s/['\\\\]/\\\\&/g")
cat >/tmp/init.sql <<SQL
CREATE DATABASE IF NOT EXISTS wordpress;
CREATE USER IF NOT EXISTS 'wordpress'@'%';
ALTER USER 'wordpress'@'%' IDENTIFIED BY '$quoted';
GRANT ALL ON wordpress.* TO 'wordpress'@'%';
SQL
chown mysql /tmp/init.sql
exec mariadbd --user=mysql --datadir="$data" --bind-address=0.0.0.0 --socket=/tmp/mysql.sock --pid-file=/tmp/mysql.pid --init-file=/tmp/init.sql
