checks $(docker ps -q --filter label=pryvctl.platform --filter status=running \
    --filter health=starting --filter health=healthy --filter health=unhealthy)
