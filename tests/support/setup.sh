# SPDX-License-Identifier: BSL-1.0
# Sourced by tests/run and examples/try: finds or installs what they need, and says how long each
# phase took. The caller sets root, me (its name) and may set may_install=no.

packages=$root/build/packages # what is unpacked where there is neither root nor sudo
log=$root/build/log
[ -t 1 ] && terminal=yes || terminal=no
started=$EPOCHREALTIME

say() { printf '%s\n' "$*"; }
die() {
  [ $terminal = yes ] && printf '\r\033[K'
  printf '%s: %s\n' "$me" "$*" >&2
  exit 1
}

# Seconds since $1, with one decimal.
since() {
  local micro=$((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}))
  printf '%d.%d' $((micro / 1000000)) $((micro / 100000 % 10))
}

begin() {
  phase=$1
  phase_started=$EPOCHREALTIME
  progress ''
}
# Shown while a phase lasts, on a terminal only.
progress() { [ $terminal = no ] || printf '\r\033[K%-14s %s' "$phase" "${1:0:60}"; }
finish() {
  [ $terminal = no ] || printf '\r\033[K'
  printf '%-14s %7s s  %s\n' "$phase" "$(since "$phase_started")" "${1:-}"
}

# As many compile jobs as cores, but no more than one for each 1.2 GB of memory.
count_jobs() {
  local cores memory limit
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [ "$limit" != max ] && [ $((limit / 1048576)) -lt "$memory" ]; then
    memory=$((limit / 1048576))
  fi
  jobs=$((memory / 1200))
  [ $jobs -ge 1 ] || jobs=1
  [ $jobs -le "$cores" ] || jobs=$cores
}

# at_least 3.25 3.25.1: whether the second version is the first or newer.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

find_compiler() {
  local one
  for one in ${CXX:-} g++ g++-12 g++-13 g++-14; do
    command -v "$one" >/dev/null || continue
    if [ -n "${CXX:-}" ] || at_least 12 "$("$one" -dumpversion)"; then
      export CXX=$one
      return 0
    fi
  done
  return 1
}
find_cmake() {
  command -v cmake >/dev/null && at_least 3.25 "$(cmake --version | awk 'NR == 1 { print $3 }')"
}
find_ninja() { command -v ninja >/dev/null || command -v make >/dev/null; }

# find_header <path>: its place in the prefixes that the compiler and CMake look into.
find_header() {
  local prefix
  local -a prefixes
  IFS=: read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}"
  for prefix in "$packages/usr" "${prefixes[@]}" /usr/local /usr; do
    if [ -e "$prefix/include/$1" ]; then
      printf '%s\n' "$prefix/include/$1"
      return 0
    fi
  done
  return 1
}
boost_version() {
  local header
  header=$(find_header boost/version.hpp) || return 0
  awk '/define BOOST_VERSION / { printf "%d.%d", $3 / 100000, $3 / 100 % 1000 }' "$header"
}
find_boost() {
  local version
  version=$(boost_version)
  [ -n "$version" ] && at_least 1.81 "$version"
}

# Whether what a Debian package would bring is there, whoever brought it.
provided() {
  case $1 in
    g++) find_compiler ;;
    cmake) find_cmake ;;
    ninja-build) find_ninja ;;
    libcereal-dev) find_header cereal/cereal.hpp >/dev/null ;;
    libboost1.81-dev) find_boost ;;
    libgtest-dev) find_header gtest/gtest.h >/dev/null ;;
    libbenchmark-dev) find_header benchmark/benchmark.h >/dev/null ;;
    clang-16) command -v clang++-16 >/dev/null ;;
    libclang-rt-16-dev) compgen -G '/usr/lib/llvm-16/lib/clang/16*/lib/linux/*fuzzer*' >/dev/null ;;
    *) command -v "${1%%-tools}" >/dev/null || dpkg -s "$1" >/dev/null 2>&1 ;;
  esac
}

# What there is in place of a package that is missing, if it is merely too old.
too_old() {
  local version=
  case $1 in
    g++) version=$(g++ -dumpfullversion 2>/dev/null) ;;
    cmake) version=$(cmake --version 2>/dev/null | awk 'NR == 1 { print $3 }') ;;
    libboost1.81-dev) version=$(boost_version) ;;
  esac
  [ -z "$version" ] || printf ' (%s is too old)' "$version"
}

# need <package>...: provides them, or ends with one sentence that names the cure.
need() {
  local one
  local named=
  local -a missing=() programs=() libraries=()
  use_packages
  for one in "$@"; do
    provided "$one" && continue
    missing+=("$one")
    named+=" $one$(too_old "$one")"
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "${may_install:-yes}" = no ]; then
    die "missing$named: run it without --no-install, or run" \
      "apt-get install --no-install-recommends ${missing[*]}"
  fi
  command -v apt-get >/dev/null ||
    die "missing$named: there is no apt-get here, so install what they are called on this system"
  for one in "${missing[@]}"; do
    case $one in
      # Installing this one would remove Boost 1.74 and whatever depends on it.
      libboost1.81-dev) dpkg -s libboost1.74-dev >/dev/null 2>&1 && libraries+=("$one") ||
        programs+=("$one") ;;
      *) programs+=("$one") ;;
    esac
  done
  mkdir -p "$log"
  local -a become=()
  if [ "$(id -u)" = 0 ]; then
    become=(env)
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    become=(sudo)
  elif command -v sudo >/dev/null && [ $terminal = yes ] && [ -t 0 ]; then
    say "installing ${missing[*]}: sudo may ask for your password" \
      "(Ctrl-C and --no-install forbid it)"
    sudo true && become=(sudo)
  fi
  if [ ${#become[@]} -gt 0 ]; then
    [ ${#programs[@]} -eq 0 ] || install "${programs[@]}"
  else
    libraries=() programs=()
    for one in "${missing[@]}"; do
      case $one in
        lib*-dev) libraries+=("$one") ;;
        *) programs+=("$one") ;;
      esac
    done
    [ ${#programs[@]} -eq 0 ] ||
      die "missing$named, and there is neither root nor sudo: ask for" \
        "apt-get install --no-install-recommends ${programs[*]}"
  fi
  [ ${#libraries[@]} -eq 0 ] || unpack "${libraries[@]}"
  use_packages
  for one in "${missing[@]}"; do
    provided "$one" || die "$one was installed and does not do$(too_old "$one"): install a newer" \
      "one by hand; $log/install.log says what was done"
  done
}

install() {
  local -a apt=("${become[@]}" DEBIAN_FRONTEND=noninteractive apt-get
    -o Acquire::Retries=2 -o DPkg::Lock::Timeout=120)
  local -a command=("${apt[@]}" install -y --no-install-recommends "$@")
  progress "installing $*"
  "${command[@]}" >"$log/install.log" 2>&1 && return
  # The usual reason is that the lists were never fetched or are old.
  "${apt[@]}" update >>"$log/install.log" 2>&1 && "${command[@]}" >>"$log/install.log" 2>&1 ||
    die "could not install $*: check the network and $log/install.log"
}

# Libraries into a folder of ours, with what of their dependencies is needed to compile and link.
unpack() {
  local one archive
  local -a wanted=()
  for one in "$@"; do
    wanted+=("$one")
    case $one in
      libgtest-dev) wanted+=(libgmock-dev) ;;
      libbenchmark-dev) wanted+=(libbenchmark1debian) ;;
    esac
  done
  progress "unpacking ${wanted[*]} into build/packages"
  mkdir -p "$packages/archives/partial" "$packages/lists/partial" "$packages/cache"
  local -a own=(-o "Dir::State::lists=$packages/lists" -o "Dir::Cache=$packages/cache"
    -o Acquire::Retries=2 -o APT::Sandbox::User=root)
  (
    cd "$packages/archives" || exit 1
    apt-get download "${wanted[@]}" ||
      { apt-get "${own[@]}" update && apt-get "${own[@]}" download "${wanted[@]}"; }
  ) >"$log/install.log" 2>&1 ||
    die "could not download ${wanted[*]}: check the network and $log/install.log"
  for archive in "$packages"/archives/*.deb; do
    dpkg -x "$archive" "$packages" ||
      die "could not unpack $archive: remove $packages and try again"
  done
}

use_packages() {
  [ -d "$packages/usr" ] || return 0
  case :${CMAKE_PREFIX_PATH:-}: in
    *:"$packages/usr":*) ;;
    *) export CMAKE_PREFIX_PATH=$packages/usr${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH} ;;
  esac
}

# configure <preset> [argument...]
configure() {
  local preset=$1
  local -a generator=()
  shift
  mkdir -p "$log"
  command -v ninja >/dev/null || generator=(-G 'Unix Makefiles')
  local cache=$root/build/$preset/CMakeCache.txt
  # A tree that was moved or made with another generator cannot be configured again.
  if [ -e "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
    rm -rf "$root/build/$preset"
  elif [ -e "$cache" ] && [ ${#generator[@]} -gt 0 ] &&
    grep -q 'CMAKE_GENERATOR.*=Ninja' "$cache"; then
    rm -rf "$root/build/$preset"
  fi
  (cd "$root" && cmake --preset "$preset" "${generator[@]}" -DSYNOD_JOBS="$jobs" "$@") \
    >"$log/configure-$preset.log" 2>&1 && return
  grep -A 6 'CMake Error' "$log/configure-$preset.log" | head -n 20 >&2
  die "could not configure the preset $preset: see $log/configure-$preset.log"
}

# build <preset> <target>...: shows how far it is; the log has everything.
build() {
  local preset=$1 file=$log/build-$1.log pid last shown=$SECONDS
  shift
  (cd "$root" && NINJA_STATUS='[%f/%t] ' cmake --build "build/$preset" -j "$jobs" --target "$@") \
    >"$file" 2>&1 &
  pid=$!
  while kill -0 $pid 2>/dev/null; do
    sleep 0.3
    last=$(tail -n 1 "$file" 2>/dev/null)
    if [ $terminal = yes ]; then
      progress "${last##*/}"
    elif [ $((SECONDS - shown)) -ge 60 ]; then
      shown=$SECONDS
      say "$phase: ${last%% *} after $(since "$phase_started") s"
    fi
  done
  wait $pid && return
  [ $terminal = yes ] && printf '\r\033[K'
  grep -E -A 12 'error:|FAILED:|undefined reference|No space left|Killed' "$file" | head -n 60
  say "the build of $preset failed: see $file"
  return 1
}
