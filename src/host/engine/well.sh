well() {
    case $(systemctl show -p ActiveState --value docker.service) in
    active) api /version 2>/dev/null | grep -q '"Name":"containerd"' ;;
    inactive) return 0 ;;
    *) return 1 ;;
    esac
}
