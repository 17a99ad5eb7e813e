turns=0
while [ $turns -lt 120 ] && [ -n "$(docker ps -q --filter label=pryvctl.platform --filter health=starting --filter health=unhealthy)" ]; do
turns=$((turns+1)); sleep 0.5
done
