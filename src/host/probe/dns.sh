said=$(bash -c @ASK@ 2>/dev/null | tr -d ' \n')
case $said in 7076???0????0000*) echo 'no address';; 7076???0*) exit 0;; 7076*) echo "refused ($said)";; *) echo 'no answer';; esac
