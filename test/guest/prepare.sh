#!/bin/bash
# In the guest, as root: udev with the kiosk's rules, the kernel's drivers, then the checks as nobody of any rights.
# REPOSITORY, NODE and MODULES come from the host.
set -u
mkdir -p /run/udev/rules.d
cp "$REPOSITORY/systemd/70-vantay.rules" /run/udev/rules.d/
# The kiosk's rules know USB devices; this one hangs on nothing.
echo 'SUBSYSTEM=="hidraw", DEVPATH=="*/uhid/*", GROUP="plugdev", MODE="0660"' > /run/udev/rules.d/71-simulated.rules
/lib/systemd/systemd-udevd --daemon
for module in uhid hid-generic usbhid cdc-acm xhci-pci; do
  modprobe -d "$MODULES" "$module" || echo "modprobe $module failed"
done
group() { getent group "$1" | cut -d: -f3; }
echo "SAY up after $(cut -d' ' -f1 /proc/uptime) s of the guest"
cd "$REPOSITORY"
"$NODE" test/guest/uhid.ts &
exec setpriv --reuid=65534 --regid=65534 --groups="$(group dialout),$(group plugdev)" --no-new-privs \
  "$NODE" test/guest/inside.ts
