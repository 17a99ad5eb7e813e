kept=$(apt-cache --installed --recurse --important depends @KEPT@ | sed -n 's/^\([^ <].*\)/\1/p')
there=$(printf '%s\n' "$there" | grep -vxF "$kept" || true)
