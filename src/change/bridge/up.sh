ip link set @BRIDGE@ down
ip link set @BRIDGE@ up
docker ps -q --filter network=@NETWORK@ | xargs -r docker inspect -f '{{range $name, $end := .NetworkSettings.Networks}}{{$name}} {{$end.IPv6Gateway}}/{{$end.GlobalIPv6PrefixLen}}{{println}}{{$name}} {{$end.Gateway}}/{{$end.IPPrefixLen}}{{println}}{{end}}' | sort -u |
while read -r name gateway; do
case $name,$gateway in
@NETWORK@,*:*) ip -6 address replace "$gateway" dev @BRIDGE@ nodad ;;
@NETWORK@,[0-9]*) ip -4 address replace "$gateway" brd + dev @BRIDGE@ ;;
esac
done
