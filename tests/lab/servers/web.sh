# Servers of pages and proxies.

if begin nginx 8081; then
    cat >conf <<CONF
daemon off; pid $PWD/pid; error_log $PWD/error.log; events {}
http { access_log off; client_body_temp_path $PWD/a; proxy_temp_path $PWD/b; fastcgi_temp_path $PWD/c;
  uwsgi_temp_path $PWD/d; scgi_temp_path $PWD/e; server { listen $address:$port; } }
CONF
    start nginx -c "$PWD/conf" -e "$PWD/error.log"
fi

if begin nginx-tls 443; then
    cat >conf <<CONF
daemon off; pid $PWD/pid; error_log $PWD/error.log; events {}
http { access_log off; client_body_temp_path $PWD/a; proxy_temp_path $PWD/b; fastcgi_temp_path $PWD/c;
  uwsgi_temp_path $PWD/d; scgi_temp_path $PWD/e;
  server { listen $address:$port ssl; ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem; } }
CONF
    start nginx -c "$PWD/conf" -e "$PWD/error.log"
fi

if begin apache 80; then
    cat >conf <<CONF
ServerRoot $PWD
Listen $address:$port
PidFile $PWD/pid
ErrorLog $PWD/error.log
LoadModule mpm_event_module $root/usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module $root/usr/lib/apache2/modules/mod_authz_core.so
ServerName lab.test
DocumentRoot $PWD
CONF
    start plainly "$(command -v apache2)" -X -f "$PWD/conf"
fi

if begin lighttpd; then
    printf 'server.document-root = "%s"\nserver.port = %s\nserver.bind = "%s"\n' "$PWD" "$port" "$address" >conf
    start lighttpd -D -f conf -m "$root/usr/lib/lighttpd"
fi

if begin haproxy; then
    printf 'defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\nlisten a\n bind %s:%s\n' \
        "$address" "$port" >conf
    start haproxy -db -f conf
fi

if begin tinyproxy 8888; then
    printf 'Port %s\nListen %s\nTimeout 10\nMaxClients 50\nLogFile "%s/log"\nPidFile "%s/pid"\n' \
        "$port" "$address" "$PWD" "$PWD" >conf
    start plainly "$(command -v tinyproxy)" -d -c "$PWD/conf"
fi

if begin squid 3128; then
    cat >conf <<CONF
http_port $address:$port
pid_filename none
cache_log $PWD/cache.log
access_log none
coredump_dir $PWD
mime_table $root/usr/share/squid/mime.conf
icon_directory $root/usr/share/squid/icons
error_directory $root/usr/share/squid-langpack/en
pinger_enable off
unlinkd_program /bin/true
logfile_daemon $root/usr/lib/squid/log_file_daemon
visible_hostname lab.test
shutdown_lifetime 1 second
CONF
    cp "$root/etc/squid/errorpage.css" . && echo "err_page_stylesheet $PWD/errorpage.css" >>conf
    start plainly "$(command -v squid)" -N -f "$PWD/conf"
fi

if begin python 8000; then
    start python3 -m http.server --bind "$address" "$port"
fi

if begin openssl 4433; then
    start openssl s_server -accept "$address:$port" -cert "$work/cert.pem" -key "$work/key.pem" -www
fi

if begin cups 631; then
    mkdir -m 777 root spool cache state tmp
    cat >cups-files.conf <<CONF
ServerRoot $PWD/root
RequestRoot $PWD/spool
CacheDir $PWD/cache
StateDir $PWD/state
TempDir $PWD/tmp
ServerBin $root/usr/lib/cups
DataDir $root/usr/share/cups
DocumentRoot $root/usr/share/cups/doc-root
ErrorLog $PWD/error.log
AccessLog $PWD/access
PageLog $PWD/page
CONF
    printf 'Listen %s:%s\nBrowsing No\n<Location />\nAllow from all\n</Location>\n' "$address" "$port" >cupsd.conf
    start cupsd -f -c "$PWD/cupsd.conf" -s "$PWD/cups-files.conf"
fi

if begin varnish 6081; then
    start varnishd -F -a "$address:$port" -b "$address:80" -n "$PWD/n" -s malloc,8m -j none -T none
fi

if begin caddy 2015; then
    printf '{\n admin off\n}\nhttp://%s:%s {\n bind %s\n respond ok\n}\n' "$address" "$port" "$address" >Caddyfile
    XDG_DATA_HOME=$PWD XDG_CONFIG_HOME=$PWD start caddy run --config Caddyfile --adapter caddyfile
fi

if begin mini-httpd; then
    start plainly "$(command -v mini_httpd)" -D -h "$address" -p "$port" -d "$PWD" -i "$PWD/pid"
fi

if begin h2o; then
    printf 'listen:\n  host: %s\n  port: %s\nhosts:\n  lab.test:\n    paths:\n      /:\n        file.dir: %s\n' \
        "$address" "$port" "$PWD" >conf
    [ "$(id -u)" = 0 ] && echo 'user: nobody' >>conf
    start h2o -c conf
fi

if begin webfs; then
    start webfsd -F -i "$address" -p "$port" -r "$PWD"
fi

if begin privoxy 8118; then
    printf 'listen-address %s:%s\nconfdir %s\nlogdir %s\ntemplates-directory %s\n' \
        "$address" "$port" "$root/etc/privoxy" "$PWD" "$root/etc/privoxy/templates" >conf
    start privoxy --no-daemon "$PWD/conf"
fi

if begin icecast 8001; then
    cat >conf <<CONF
<icecast><hostname>lab.test</hostname>
<authentication><source-password>a</source-password><admin-password>a</admin-password></authentication>
<listen-socket><port>$port</port><bind-address>$address</bind-address></listen-socket>
<paths><logdir>$PWD</logdir><webroot>$root/usr/share/icecast2/web</webroot>
<adminroot>$root/usr/share/icecast2/admin</adminroot></paths>
<logging><errorlog>error.log</errorlog></logging></icecast>
CONF
    start plainly "$(command -v icecast2)" -c "$PWD/conf"
fi

if begin transmission 9091; then
    printf '{"rpc-bind-address":"%s","rpc-port":%s,"bind-address-ipv4":"%s","dht-enabled":false,"lpd-enabled":false,"pex-enabled":false,"port-forwarding-enabled":false,"rpc-whitelist-enabled":false,"rpc-host-whitelist-enabled":false,"peer-port":25951}' \
        "$address" "$port" "$address" >settings.json
    start transmission-daemon -f -g "$PWD"
fi

if begin prometheus 9090; then
    : >conf.yml
    start prometheus --config.file=conf.yml --storage.tsdb.path="$PWD/data" --web.listen-address="$address:$port"
fi

if begin node-exporter; then
    start prometheus-node-exporter --web.listen-address="$address:$port"
fi

if begin influxdb 8086; then
    cat >conf <<CONF
reporting-disabled = true
bind-address = "$address:28088"
[meta]
dir = "$PWD/meta"
[data]
dir = "$PWD/data"
wal-dir = "$PWD/wal"
[http]
bind-address = "$address:$port"
CONF
    start influxd -config "$PWD/conf"
fi

if begin etcd 2379; then
    start etcd --data-dir "$PWD/data" --listen-client-urls "http://$address:$port" \
        --advertise-client-urls "http://$address:$port" --listen-peer-urls "http://$address:22380" \
        --initial-advertise-peer-urls "http://$address:22380" --initial-cluster "default=http://$address:22380"
fi

if begin docker-registry 5000; then
    printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: %s:%s\n' "$PWD" "$address" \
        "$port" >conf.yml
    start docker-registry serve conf.yml
fi

if begin webdis 7379; then
    printf '{"redis_host":"%s","redis_port":6379,"http_host":"%s","http_port":%s,"threads":1,"pool_size":1,"daemonize":false,"logfile":"%s/log"}' \
        "$address" "$address" "$port" "$PWD" >conf.json
    start webdis conf.json
fi

if begin monit 2812; then
    printf 'set daemon 60\nset httpd port %s and use address %s\n allow 0.0.0.0/0.0.0.0\n' "$port" "$address" >conf
    chmod 600 conf
    start monit -I -c "$PWD/conf" -p "$PWD/pid" -s "$PWD/state" -l "$PWD/log"
fi
