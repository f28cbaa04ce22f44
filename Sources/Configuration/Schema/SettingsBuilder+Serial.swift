// What the keys of a serial line must keep between them.

extension SettingsBuilder {
    mutating func checkSerials() {
        checkDevices()
        for (serial, seen) in serials where !seen.isWrong("serial.framing") {
            checkFraming(of: serial, seen)
            checkLongest(serial.port, seen)
            checkNodes(serial.port.xbee, seen)
        }
    }

    /// A line has one owner.
    private mutating func checkDevices() {
        let text = text
        var first: [String: Int] = [:]
        for (serial, seen) in serials {
            guard let offset = seen.offset(of: "serial.device") else { continue }
            if let other = first[serial.port.device] {
                report(
                    offset,
                    "two serial lines at \(quoted(serial.port.device)); the first one is at \(text.place(other))")
            } else {
                first[serial.port.device] = offset
            }
        }
    }

    private mutating func checkFraming(of serial: Serial, _ seen: SeenKeys) {
        let port = serial.port
        for (framing, paths) in Schema.keysOfFramings where framing != port.framing {
            for key in Schema.serial where paths.contains(key.path) {
                // A file that repeats the default asks for nothing.
                guard let offset = seen.offset(of: key.path), key.read(serial) != key.read(Serial()) else { continue }
                report(offset, "\(quoted(key.path)) has a meaning with 'serial.framing = \"\(framing)\"' only")
            }
        }
        // Only a module can be asked whether the speed is right.
        if port.framing != .xbee, port.speeds.count > 1, let offset = seen.offset(of: "serial.speed") {
            report(offset, "'serial.speed' must be one number unless 'serial.framing' is \"xbee\"")
        }
    }

    /// A node for which something waits is not forgotten.
    private mutating func checkNodes(_ xbee: XBeeSettings, _ seen: SeenKeys) {
        let (nodes, messages) = ("serial.nodes", "serial.queued_messages")
        guard xbee.maximumNodeCount <= xbee.maximumMessageCount, !seen.isWrong(nodes), !seen.isWrong(messages),
            let offset = seen.offset(of: nodes) ?? seen.offset(of: messages)
        else { return }
        report(
            offset,
            "'serial.nodes' must be more than 'serial.queued_messages', which is \(xbee.maximumMessageCount);"
                + " found \(xbee.maximumNodeCount)")
    }

    private mutating func checkLongest(_ port: SerialPort, _ seen: SeenKeys) {
        let (longest, queue) = ("serial.maximum_datagram_bytes", "serial.queued_bytes")
        if let offset = seen.offset(of: longest), port.maximumDatagramByteCount > 0 {
            let byteCount = port.maximumDatagramByteCount
            if byteCount < 32 {
                report(offset, "\(quoted(longest)) must be 0, or at least 32; found \(byteCount)")
            }
            let limit = SerialPort.maximumXBeeDatagramByteCount
            if port.framing == .xbee, byteCount > limit {
                report(offset, "\(quoted(longest)) must be at most \(limit) for an XBee; found \(byteCount)")
            }
        }
        let byteCount = port.initialMaximumDatagramByteCount
        guard let offset = seen.offset(of: longest) ?? seen.offset(of: queue) else { return }
        // Escapes double a frame at worst, and its ends and checksums are few octets.
        if port.framing != .xbee, !seen.isWrong(queue), port.queuedByteCount < 2 * byteCount + 16 {
            report(
                offset,
                "\(quoted(longest)) needs 'serial.queued_bytes' of at least \(2 * byteCount + 16), which is"
                    + " \(port.queuedByteCount)")
        }
    }
}
