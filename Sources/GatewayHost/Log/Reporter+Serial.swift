// What is told of serial lines and the modules on them; whatever a radio can bring about is limited in number.

import Configuration
import LinkFraming
import MQTTSN
import Transports

extension Reporter {
    // MARK: The device

    func opened(_ link: SerialLink, speed: Int, isNews: Bool) {
        log.write(
            isNews ? .info : .debug,
            "serial line \(link.port.device) open: speed=\(speed) mode=\(link.port.mode.name)"
                + " flow_control=\(link.port.flowControl) framing=\(link.port.framing)")
    }

    /// Told once for each reason, however often it is tried.
    func cannotOpen(_ link: SerialLink, _ error: SerialOpenError, isNew: Bool) {
        let level: LogLevel = error.isPermanent ? .error : .warning
        log.write(isNew ? level : .debug, "serial line \(link.port.device) not open: \(error); trying again and again")
    }

    func lost(_ link: SerialLink, _ error: IOError?) {
        log.write(
            .warning,
            "serial line \(link.port.device) lost: \(error.map { "\($0)" } ?? "the other side hung up");"
                + " its clients keep their sessions while it is tried again and again")
    }

    /// The system does not take what is written; told as a number, with the datagrams that UDP sockets do not take.
    mutating func writeDropped() { undeliveredCount += 1 }

    // MARK: The module

    func noRadio(_ link: SerialLink, _ receivedByteCount: UInt64, isNew: Bool) {
        let speeds = link.port.speeds.map(String.init).joined(separator: ", ")
        log.write(
            isNew ? .warning : .debug,
            "no XBee in API mode on \(link.port.device) at any configured speed (\(speeds)): set AP=1 or 2 with XCTU,"
                + " or correct serial.speed (BD)"
                + (receivedByteCount > 0
                    ? "; octets do come in, so the module is in transparent mode or has another speed"
                    : "; nothing comes in at all, so look at power and wiring too"))
    }

    func wrongAPIMode(_ link: SerialLink, _ mode: UInt64, isNew: Bool) {
        log.write(
            isNew ? .warning : .debug,
            "the XBee on \(link.port.device) is in API mode \(mode), which carries no datagrams: set AP=1 or 2")
    }

    /// A datagram that a link did not take, which the link has counted.
    mutating func refused(_ link: SerialLink, _ refusal: SendRefusal, to address: LinkAddress?, _ datagram: RawSpan) {
        if Self.isUnansweredPublish(datagram) { counters.takeBackDelivery() }
        write(
            .debug,
            "datagram of \(datagram.byteCount) octets to \(link.name(of: address)) dropped:"
                + " \(Self.reason(for: refusal))")
    }

    /// A limit of the owner's was reached; told once a minute at most.
    func limitReached(_ link: SerialLink, _ refusal: SendRefusal, to address: LinkAddress?, count: UInt64) {
        log.write(
            .warning,
            "datagrams dropped on \(link.port.device): count=\(count), the latest to \(link.name(of: address)):"
                + " \(Self.reason(for: refusal))")
    }

    private static func reason(for refusal: SendRefusal) -> String {
        switch refusal {
        case .tooLong(let maximum): "the link takes \(maximum) octets at most"
        case .nodeQueueFull: "as many wait for that node as serial.queued_messages_per_node allows"
        case .queueFull: "as many wait for all nodes as serial.queued_messages allows"
        case .lineQueueFull: "as many octets wait for the line as serial.queued_bytes allows"
        case .linkDown: "the line is not in order"
        case .notSendable: "nothing can be sent there"
        }
    }

    /// Whether a datagram is a PUBLISH of QoS 0, which is delivered when it is sent.
    private static func isUnansweredPublish(_ datagram: RawSpan) -> Bool {
        switch try? Message.decode(datagram) {
        case .publish(let publish)?: return publish.flags.qos == .atMostOnce
        case .encapsulated(let outer)?: return isUnansweredPublish(datagram.extracting(outer.inner))
        default: return false
        }
    }

    mutating func observed(_ observation: LinkObservation, on link: SerialLink) {
        guard let (level, text) = Self.line(about: observation, on: link) else { return }
        if case .commandRefused = observation {
            // As many as a start-up has commands, and start-ups are few.
            if log.isOn(level) { log.write(level, text()) }
        } else {
            write(level, text())
        }
        if case .moduleIdentified(let module) = observation { compare(module, with: link.port) }
    }

    /// What the owner says of the module and what it says of itself.
    private func compare(_ module: XBeeModule, with port: SerialPort) {
        if port.xbee.apiMode > 0, let mode = module.apiMode, mode != UInt64(port.xbee.apiMode) {
            log.write(
                .warning,
                "the XBee on \(port.device) is in API mode \(mode), not \(port.xbee.apiMode) as serial.api_mode says;"
                    + " it is used as it is")
        }
        if port.xbee.hasAPSEncryption || port.xbee.requiresEncryption, module.encryption == 0 {
            log.write(
                .warning,
                "the XBee on \(port.device) does not encrypt (EE=0), so serial.aps_encryption and"
                    + " serial.require_encryption let nothing pass: set EE=1 and the same KY on all modules")
        }
    }

    /// Told once a minute at most, since anybody near by can cause it.
    func unencrypted(_ link: SerialLink, from address: LinkAddress, count: UInt64) {
        log.write(
            .warning,
            "packets without encryption dropped on \(link.port.device): count=\(count), the latest from"
                + " \(link.name(of: address)) (serial.require_encryption)")
    }

    private mutating func write(_ level: LogLevel, _ text: @autoclosure () -> String) {
        if log.isOn(level), linesAboutSenders.take() { log.write(level, text()) }
    }

    /// nil for what is told elsewhere.
    private static func line(
        about observation: LinkObservation, on link: SerialLink
    ) -> (level: LogLevel, text: () -> String)? {
        let device = link.port.device
        switch observation {
        case .stateChanged(let state): return (XBeeText.level(of: state), { XBeeText.words(for: state, device) })
        case .moduleIdentified(let module): return (.info, { XBeeText.words(for: module, device) })
        case .networkIdentified(let module): return (.info, { XBeeText.network(of: module, device) })
        case .sourceRoutesWanted(let nodeCount):
            return (.info, { "\(nodeCount) nodes on \(device): the XBee asks for source routes from now on (AR)" })
        case .signal(let address, let level):
            return (.info, { "\(link.name(of: address)) is heard at \(level) dBm over its last hop" })
        case .distance(let address, let hopCount):
            return (.info, { "\(link.name(of: address)) is \(hopCount) \(hopCount == 1 ? "hop" : "hops") away" })
        case .unencrypted: return nil
        case .maximumDatagramChanged(let byteCount, let broadcastByteCount):
            return (.info, { "\(device) carries datagrams of \(byteCount) octets, \(broadcastByteCount) to everybody" })
        case .noRadioAnswers: return (.debug, { "no XBee in API mode answers on \(device) at this speed" })
        case .wrongAPIMode: return nil
        case .commandRefused(let command, let status):
            return (.debug, { "the XBee on \(device) refused AT\(letters(of: command)): \(status)" })
        case .modemStatus(let status):
            return (
                XBeeText.level(of: status), { "the XBee on \(device) says: \(XBeeText.words(for: status))" }
            )
        case .frameError(let code): return (.debug, { "the XBee on \(device) could not read a frame: \(code)" })
        case .deliveryFailed(let address, let status):
            return (.debug, { "datagram to \(link.name(of: address)) not delivered: \(status)" })
        case .statusMissing(let address):
            return (.debug, { "the XBee never told what became of a datagram to \(link.name(of: address))" })
        case .messageExpired(let address):
            return (.debug, { "datagram to \(link.name(of: address)) dropped: it waited too long" })
        case .paused(let status): return (.debug, { "the XBee on \(device) takes nothing for a while: \(status)" })
        case .payloadTooLarge(let address, let byteCount):
            return (
                .warning, { "datagram of \(byteCount) octets to \(link.name(of: address)) is too long for the network" }
            )
        case .configurationError(let address, let status):
            return (
                .warning,
                {
                    "the XBee on \(device) refuses to send to \(link.name(of: address)): \(status);"
                        + " look at serial.transmit, serial.aps_encryption and the module's encryption (EE, KY)"
                }
            )
        }
    }

    private static func letters(of command: ATCommand) -> String {
        String(decoding: [UInt8(command.rawValue >> 8), UInt8(command.rawValue & 0xFF)], as: UTF8.self)
    }
}
