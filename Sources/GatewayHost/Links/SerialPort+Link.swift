// What the owner's settings of a serial line mean to its transport and its state machine.

import Configuration
import LinkFraming
import Transports

extension SerialPort {
    func lineSettings(speed: Int) -> SerialLineSettings {
        var settings = SerialLineSettings(speed: speed)
        settings.stopBitCount = mode.stopBitCount
        settings.hasHardwareFlowControl = flowControl == .hardware
        settings.parity =
            switch mode.parity {
            case .none: .none
            case .even: .even
            case .odd: .odd
            }
        return settings
    }

    func makeLine() -> any DatagramLine & ~Copyable {
        switch framing {
        case .xbee: XBeeLink(xbeeConfiguration)
        case .slip: makeWire(.slip)
        case .hdlc: makeWire(.hdlc)
        case .cobs: makeWire(.cobs(hasChecksum: hasChecksum))
        case .lengthPrefixed: makeWire(.lengthPrefixed)
        }
    }

    private func makeWire(_ framing: Framing) -> PointToPointLink {
        PointToPointLink(
            PointToPointLinkConfiguration(
                framing: framing, maximumDatagramByteCount: initialMaximumDatagramByteCount))
    }

    private var xbeeConfiguration: XBeeLinkConfiguration {
        var configuration = XBeeLinkConfiguration()
        if maximumDatagramByteCount > 0 { configuration.maximumPayload = .byteCount(maximumDatagramByteCount) }
        configuration.largestDatagramByteCount = Self.maximumXBeeDatagramByteCount
        configuration.maximumOutstanding = xbee.maximumOutstanding
        configuration.maximumMessageCount = xbee.maximumMessageCount
        configuration.maximumMessageCountPerNode = xbee.maximumMessageCountPerNode
        configuration.maximumNodeCount = xbee.maximumNodeCount
        configuration.transmitOptions = xbee.hasExtendedTimeout ? 0x40 : 0
        configuration.usesAPSEncryption = xbee.hasAPSEncryption
        configuration.requiresEncryption = xbee.requiresEncryption
        configuration.wantsAnnouncements = xbee.hasAnnouncements
        configuration.sourceRoutingNodeCount = xbee.sourceRoutingNodeCount
        configuration.signalInterval = xbee.signalInterval
        configuration.transmission =
            switch xbee.transmission {
            case .request: .request
            case .explicit: .explicit(.digiData)
            case .legacy: .legacy
            }
        return configuration
    }
}
