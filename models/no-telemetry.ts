// onnxruntime reports its use to its maker: it keeps a database in the home folder and a log in the temporary one, and
// sends them when it can. A kiosk does neither. Read when the library is loaded, so this comes before it.
process.env.ORT_DISABLE_TELEMETRY = '1';
