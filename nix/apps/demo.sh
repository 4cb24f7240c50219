#!/usr/bin/env bash
exec rec demo "$@"
