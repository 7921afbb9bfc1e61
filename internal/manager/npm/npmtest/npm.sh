#!/bin/sh
# Stands for npm in tests: runs the script beside the name that it was called by.
home=${0%/*}
. "$home/script"
