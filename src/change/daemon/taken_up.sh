set -e
back() { @UNDONE@; }
@KEEP@
@PUT@ || { code=$?; @DONE@; exit $code; }
if ! { @TAKE_UP@; }; then
back; systemctl reset-failed docker || true; systemctl restart docker; exit 1
fi
@DONE@
