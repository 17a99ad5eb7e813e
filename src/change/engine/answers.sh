turns=0
until docker info >/dev/null 2>&1; do
turns=$((turns+1)); [ $turns -lt 240 ] || { echo 'Docker does not answer within 120 s' >&2; exit 1; }; sleep 0.5
done
