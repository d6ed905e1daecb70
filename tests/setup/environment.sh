# shellcheck shell=bash
# Sourced by every recipe: where things built once per machine live, and the PATH that finds the compilers.
# Only sets variables; must not build, install or write anything.
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME HOLDFAST_CACHE_DIR=${HOLDFAST_CACHE_DIR:-$HOME/.cache/holdfast}
# Outside the checkout, so that a new clone (and CI's, every time) finds the dependencies compiled.
export CARGO_TARGET_DIR=${HOLDFAST_TARGET_DIR:-${CARGO_TARGET_DIR:-$HOLDFAST_CACHE_DIR/target}}
# Tests run in folders of their own.
case $HOLDFAST_CACHE_DIR in /*) ;; *) HOLDFAST_CACHE_DIR=$PWD/$HOLDFAST_CACHE_DIR ;; esac
case $CARGO_TARGET_DIR in /*) ;; *) CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;; esac
export CARGO_TERM_PROGRESS_WHEN=${CARGO_TERM_PROGRESS_WHEN:-never}

# The go command that is new enough for the reference tools, kept beside them where the machine's own is older.
go_version=1.26.8
go_folder=$HOLDFAST_CACHE_DIR/go-$go_version
for folder in /usr/local/go/bin "$HOME/.cargo/bin" "$go_folder/bin"; do
  case ":$PATH:" in
    *":$folder:"*) ;;
    *) [ ! -d "$folder" ] || PATH=$folder:$PATH ;;
  esac
done
export PATH

at_least() { # <version> <floor>: whether the first is the second or newer
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

go_is_new_enough() {
  command -v go >/dev/null && at_least "$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed 's/^go//')" 1.26
}
