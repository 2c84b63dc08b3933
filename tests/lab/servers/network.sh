# Shells, screens, names, ways and watchers.

if begin openssh; then
    ssh-keygen -q -t ed25519 -N '' -f key && chmod 644 key && { [ "$(id -u)" != 0 ] || chown 65534 key; } && chmod 600 key
    start plainly "$(command -v sshd)" -D -e -f /dev/null -h "$PWD/key" -p "$port" \
        -o "ListenAddress $address" -o 'PidFile none' -o 'UsePAM no'
fi

if begin dropbear 22; then
    dropbearkey -t ed25519 -f key >/dev/null 2>&1
    start dropbear -F -E -p "$address:$port" -r key -P pid
fi

if begin dnsmasq 53; then
    protocols="tcp udp" start dnsmasq -k -C /dev/null -p "$port" -a "$address" --bind-interfaces --no-resolv --pid-file= \
        --user="$(id -un)"
fi

if begin bind 5300; then
    printf 'options { directory "%s"; pid-file none; session-keyfile none; listen-on port %s { %s; }; listen-on-v6 { none; };\n recursion no; dnssec-validation no; };\ncontrols {};\n' \
        "$PWD" "$port" "$address" >conf
    protocols="tcp udp" start plainly "$(command -v named)" -g -n 1 -c "$PWD/conf"
fi

if begin unbound; then
    printf 'server:\n interface: %s\n port: %s\n username: ""\n chroot: ""\n directory: "%s"\n pidfile: "%s/pid"\n use-syslog: no\n do-daemonize: no\n access-control: 127.0.0.0/8 allow\nremote-control:\n control-enable: no\n' \
        "$address" "$port" "$PWD" "$PWD" >conf
    protocols="tcp udp" start plainly "$(command -v unbound)" -d -c "$PWD/conf"
fi

if begin nsd; then
    printf 'server:\n ip-address: %s\n port: %s\n username: ""\n chroot: ""\n zonesdir: "%s"\n database: ""\n pidfile: "%s/pid"\n xfrdir: "%s"\n xfrdfile: "%s/xfrd"\n zonelistfile: "%s/zones"\n cookie-secret-file: "%s/cookie"\nremote-control:\n control-enable: no\n' \
        "$address" "$port" "$PWD" "$PWD" "$PWD" "$PWD" "$PWD" "$PWD" >conf
    protocols="tcp udp" start plainly "$(command -v nsd)" -d -c "$PWD/conf"
fi

if begin knot; then
    printf 'server:\n  listen: %s@%s\n  rundir: %s\n  version: ""\ndatabase:\n  storage: %s\nlog:\n  - target: stderr\n    any: info\n' \
        "$address" "$port" "$PWD" "$PWD" | grep -v version >conf
    protocols="tcp udp" start plainly "$(command -v knotd)" -c "$PWD/conf"
fi

if begin xrdp 3389; then
    sed -e "s|^port=.*|port=tcp://$address:$port|" -e "s|^certificate=.*|certificate=$work/cert.pem|" \
        -e "s|^key_file=.*|key_file=$work/key.pem|" -e "s|^LogFile=.*|LogFile=$PWD/log|" -e 's|^EnableSyslog=.*|EnableSyslog=0|' \
        "$root/etc/xrdp/xrdp.ini" >xrdp.ini
    mkdir -p "$work/etc/xrdp"
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$libraries/xrdp xrdp-keygen xrdp "$work/etc/xrdp/rsakeys.ini" >/dev/null
    start installed xrdp --nodaemon --config "$PWD/xrdp.ini"
fi

if begin tigervnc 5901; then
    start installed Xtigervnc :98 -SecurityTypes None -interface "$address" -rfbport "$port" -nolisten tcp -nolock -localhost 0
fi

if begin dante 1080; then
    printf 'logoutput: stderr\ninternal: %s port = %s\nexternal: %s\nsocksmethod: none\nclientmethod: none\nuser.privileged: nobody\nuser.unprivileged: nobody\nclient pass { from: 0/0 to: 0/0 }\nsocks block { from: 0/0 to: 0/0 }\n' \
        "$address" "$port" "$address" >conf
    start danted -f "$PWD/conf" -p "$PWD/pid"
fi

if begin coturn 3478; then
    protocols="tcp udp" start plainly "$(command -v turnserver)" -n -L "$address" -p "$port" --no-tls --no-dtls --no-cli \
        --pidfile "$PWD/pid" --log-file stdout --db "$PWD/db" --no-auth
fi

if begin openvpn 1194; then
    protocols=udp start openvpn --dev null --proto udp --local "$address" --port "$port" --tls-server --dh none \
        --ca "$work/cert.pem" --cert "$work/cert.pem" --key "$work/key.pem"
fi

if begin munin 4949; then
    printf 'log_level 1\nlog_file %s/log\npid_file %s/pid\nbackground 0\nsetsid 0\nhost %s\nport %s\nallow .*\nuser nobody\ngroup nogroup\nhost_name lab.test\n' \
        "$PWD" "$PWD" "$address" "$port" >conf
    start installed munin-node --config "$PWD/conf"
fi

if begin zabbix-agent 10050; then
    printf 'ListenIP=%s\nListenPort=%s\nServer=127.0.0.0/8\nLogType=console\nPidFile=%s/pid\nAllowRoot=1\nHostname=lab\n' \
        "$address" "$port" "$PWD" >conf
    start plainly "$(command -v zabbix_agentd)" -f -c "$PWD/conf"
fi

if begin nrpe 5666; then
    printf 'server_address=%s\nserver_port=%s\nnrpe_user=nobody\nnrpe_group=nogroup\nallowed_hosts=127.0.0.0/8\npid_file=%s/pid\n' \
        "$address" "$port" "$PWD" >conf
    start plainly "$(command -v nrpe)" -c "$PWD/conf" -f
fi

if begin snmpd 161; then
    printf 'rocommunity public\n' >conf
    protocols=udp start snmpd -f -C -c "$PWD/conf" -p "$PWD/pid" -Lf "$PWD/log" "udp:$address:$port"
fi

if begin tftpd 69; then
    protocols=udp start in.tftpd -L -u nobody -a "$address:$port" "$PWD"
fi

if begin ntpsec 123; then
    printf 'interface ignore wildcard\ninterface listen %s\nrestrict default\n' "$address" >conf
    protocols=udp start ntpd -n -c "$PWD/conf" -p "$PWD/pid" -l "$PWD/log"
fi

if begin chrony 1123; then
    printf 'bindaddress %s\nport %s\ncmdport 0\nallow all\nlocal\npidfile %s/pid\n' "$address" "$port" "$PWD" >conf
    protocols=udp start chronyd -d -x -u nobody -f "$PWD/conf"
fi
