#!/bin/sh
# What multi-gitter runs in each clone; it commits what is changed and opens the pull request:
#
#   multi-gitter run "$PWD/upgrade.sh" --config config.yaml
#
# A repository in which nothing changes gets no pull request. One in which a question is open gets it for the rest;
# if there is no rest, multi-gitter lists it with what refit said.
set -u
status=0
refit upgrade . --write || status=$?
case $status in
    0) exit 0 ;;
    3) git diff --quiet && exit 3 || exit 0 ;;
    *) exit "$status" ;;
esac
