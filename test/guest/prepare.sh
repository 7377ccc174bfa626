#!/bin/bash
# In the guest, as root: udev with the kiosk's rules, the kernel's drivers, then the checks as nobody of any rights.
# REPOSITORY, NODE, MODULES, LOOPBACK and FILM come from the host.
set -u
mkdir -p /run/udev/rules.d
cp "$REPOSITORY/systemd/70-vantay.rules" /run/udev/rules.d/
# The kiosk's rules know USB devices by maker: one here hangs on nothing, and the scanner's maker is nobody.
echo 'SUBSYSTEM=="hidraw", DEVPATH=="*/uhid/*", GROUP="plugdev", MODE="0660"
SUBSYSTEM=="hidraw", ATTRS{idVendor}=="1209", GROUP="plugdev", MODE="0660"' > /run/udev/rules.d/71-simulated.rules
/lib/systemd/systemd-udevd --daemon
for module in videodev uhid hid-generic usbhid cdc-acm xhci-pci; do
  modprobe -d "$MODULES" "$module" || echo "modprobe $module failed"
done
insmod "$LOOPBACK" exclusive_caps=1 max_buffers=8 card_label=Simulated
ffmpeg -v error -nostdin -stream_loop -1 -re -r 4 -f mjpeg -i "$FILM" -c:v copy -f v4l2 /dev/video0 &
group() { getent group "$1" | cut -d: -f3; }
echo "SAY up after $(cut -d' ' -f1 /proc/uptime) s of the guest"
cd "$REPOSITORY"
"$NODE" test/guest/uhid.ts &
nobody=(setpriv --reuid=65534 --regid=65534 --groups="$(group dialout),$(group plugdev),$(group video)" --no-new-privs)
# The processes that own devices start fifty times and are killed each time, before they could keep what they compiled: one that
# finds no device ends by itself, and leaves that to the others.
export NODE_COMPILE_CACHE=/dev/shm/compiled
"${nobody[@]}" "$NODE" drivers/link/hid-host.ts /dev/null > /dev/null &
"${nobody[@]}" "$NODE" drivers/link/serial-host.ts /dev/null 57600 > /dev/null &
# V8 compiles WebAssembly (here Node's reader of TypeScript) anew while it runs, and on an emulated processor it died of that now
# and then ("Check failed: it->second.Size() > offset"; of the kind of github.com/nodejs/node/issues/64500).
exec "${nobody[@]}" "$NODE" --liftoff-only test/guest/inside.ts
