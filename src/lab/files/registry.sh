# PID 1 of the registry: both listeners, as soon as they have been given what they need; one gone, all gone.
trap exit TERM INT
until [ -e /run/registry/ready ]; do
    sleep 0.05
done
for listener in tls push; do
    { docker-registry serve "/run/registry/$listener.yml"; kill 1; } &
done
wait
