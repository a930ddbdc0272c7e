#!/bin/sh
# Cloudflare Pages builds the blog with this. Nothing is kept between two builds there: posts that need
# long are run elsewhere, by `site-builder freeze POST`, which writes a folder to be committed.
set -eu

python -m pip install -r requirements.txt

case "${CF_PAGES_BRANCH:-main}" in
# `url` in site.toml is where readers find the blog.
main | master) site-builder build && site-builder check ;;
# Other branches have addresses of their own, so that their links stay among themselves.
*) site-builder build --base-url "$CF_PAGES_URL" ;;
esac
