ip -o route get @ADDRESS@ 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/from \1/p'
told() { case $2:$3 in
0:*) echo "$1 answers" ;;
*refused*) echo "$1 refuses" ;;
124:*|*'No route to host'*|*'timed out'*) echo "$1 silent" ;;
*) echo "$1 failed $(echo "${3:-exit code $2}" | head -n 1)" ;;
esac; }
for port in $tcp; do
{ said=$(LC_ALL=C timeout @SECONDS@ bash -c ": </dev/tcp/@ADDRESS@/$port" 2>&1); told "tcp $port" $? "$said"; } &
done
for port in $udp; do
{ said=$(LC_ALL=C timeout @SECONDS@ bash -c "exec 3<>/dev/udp/@ADDRESS@/$port; printf '@QUESTION@' >&3; dd bs=1 count=1 of=/dev/null <&3" 2>&1)
told "udp $port" $? "$said"; } &
done
wait
