import Bytes
import GatewayCore
import LinkFraming
import Time

// The module's settings: what it answers when asked.

extension SimulatedRadio {
    /// Answers a command a moment later; one with frame id 0 is carried out in silence.
    mutating func answer(_ frameID: UInt8, _ command: ATCommand, _ parameter: [UInt8], at now: Instant) {
        let (status, value) = carryOut(command, parameter)
        guard frameID != 0 else { return }
        let response = XBeeFrame.atResponse(frameID: frameID, command, status, value: 0..<value.count)
        schedule.insert(
            .answer(data(of: response, value)), at: now + time(.milliseconds(1)...(.milliseconds(10))))
    }

    private mutating func carryOut(_ command: ATCommand, _ parameter: [UInt8]) -> (ATStatus, [UInt8]) {
        if command == .apiOptions, let octet = parameter.last {
            guard parameter.count == 1, octet <= 3 else { return (.invalidParameter, []) }
            apiOptions = octet
            return (.ok, [])
        }
        if command == .routeBroadcastTime, let octet = parameter.last {
            guard parameter.count == 1 else { return (.invalidParameter, []) }
            routeBroadcastTime = octet
            return (.ok, [])
        }
        guard let value = value(of: command) else { return (.invalidCommand, []) }
        // The others are not for the gateway to set.
        return parameter.isEmpty ? (.ok, value) : (.invalidParameter, [])
    }

    private func value(of command: ATCommand) -> [UInt8]? {
        var value: [UInt8] = []
        switch command {
        case .apiMode: return [configuration.apiMode]
        case .apiOptions: return [apiOptions]
        case .maximumPayload:
            guard configuration.firmware != .ieee802154 else { return nil }
            value.append(bigEndian: UInt16(configuration.firmware.maximumPayloadByteCount))
        case .serialNumberHigh: append(configuration.address.rawValue >> 32, to: &value)
        case .serialNumberLow: append(configuration.address.rawValue, to: &value)
        case .networkAddress: value.append(bigEndian: UInt16(0))
        case .hardwareVersion: value.append(bigEndian: configuration.firmware.hardwareVersion)
        case .firmwareVersion: value.append(bigEndian: configuration.firmware.firmwareVersion)
        case .encryption: return [0]
        case .routeBroadcastTime: return configuration.firmware.isZigbee ? [routeBroadcastTime] : nil
        case .joinTime: return configuration.firmware.isZigbee ? [0xFF] : nil
        case .networkID: append(networkID, to: &value)
        case .operatingNetworkID:
            guard configuration.firmware.isZigbee else { return nil }
            append(isJoined ? networkID : 0, to: &value)
        case .channel: return [isJoined ? 0x0F : 0]
        case .signalStrength:
            guard configuration.firmware != .ieee802154 else { return nil }
            return [latestSignal]
        case .associationIndication: return [isJoined ? 0 : 0x23]
        default: return nil
        }
        return value
    }

    private func append(_ number: UInt64, to value: inout [UInt8]) {
        value.append(bigEndian: UInt16(truncatingIfNeeded: number >> 16))
        value.append(bigEndian: UInt16(truncatingIfNeeded: number))
    }
}
