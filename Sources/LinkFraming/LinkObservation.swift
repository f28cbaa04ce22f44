/// Whether a line can carry datagrams, and if not, why.
package enum LineState: Hashable, Sendable {
    /// The line is not open.
    case closed
    /// The module is being asked what it is; what is to be sent waits.
    case starting
    case ready
    /// No XBee in API mode answers at this speed.
    case noRadio
    /// An XBee answers but in no API mode that carries datagrams.
    case wrongMode
    /// The module is in no network.
    case disassociated
}

/// Something on a link to count, and for most kinds to log: a value, never a string. A `nil` address is a broadcast.
package enum LinkObservation: Equatable, Sendable {
    case stateChanged(LineState)
    /// The start-up is over: this is the module.
    case moduleIdentified(XBeeModule)
    /// The module is in this network.
    case networkIdentified(XBeeModule)
    /// The network has so many nodes that the module now asks for source routes.
    case sourceRoutesWanted(nodeCount: Int)
    /// How strongly a node's latest packet came in over its last hop, in dBm; told when it has changed much.
    case signal(of: LinkAddress, decibelMilliwatts: Int)
    /// Over how many hops packets of a node come; told when it has changed.
    case distance(of: LinkAddress, hopCount: Int)
    /// A packet was dropped, as it was not encrypted from end to end.
    case unencrypted(from: LinkAddress)
    /// The most octets a datagram may have, to one node and to all.
    case maximumDatagramChanged(byteCount: Int, broadcastByteCount: Int)
    /// Nothing answered to the API mode query. When octets came in nevertheless, the speed is wrong or the module is
    /// in transparent mode.
    case noRadioAnswers(receivedByteCount: UInt64)
    /// The module is in this API mode, which is neither 1 nor 2.
    case wrongAPIMode(UInt64)
    /// The module does not know a setting, or refuses its value; the start-up goes on without.
    case commandRefused(ATCommand, ATStatus)
    case modemStatus(XBeeModemStatus)
    /// The module could not read a frame of ours.
    case frameError(UInt8)
    /// A datagram was not delivered and is dropped; the MQTT-SN retry timers are what is left.
    case deliveryFailed(to: LinkAddress?, XBeeDeliveryStatus)
    /// The module never told what became of a datagram.
    case statusMissing(for: LinkAddress?)
    /// A datagram waited too long for its turn and is dropped.
    case messageExpired(to: LinkAddress?)
    /// The module has no room, or the channel is busy: nothing is sent for a while.
    case paused(XBeeDeliveryStatus)
    /// A datagram was too long for the radio network and is dropped; the maximum is lowered.
    case payloadTooLarge(to: LinkAddress?, byteCount: Int)
    /// The module refuses to send as it is told to: endpoint, binding or encryption are configured wrongly.
    case configurationError(to: LinkAddress?, XBeeDeliveryStatus)
}

/// Why a link did not take a datagram; it is dropped and counted.
package enum SendRefusal: Equatable, Sendable {
    /// Longer than the link carries; it is never cut.
    case tooLong(maximumByteCount: Int)
    /// As much waits for this node as may.
    case nodeQueueFull
    /// As much waits for all nodes together as may.
    case queueFull
    /// As many octets wait for the line as may.
    case lineQueueFull
    /// The link is closed, without a radio, or without a network.
    case linkDown
    /// The address is not of this link's kind, or there is no datagram.
    case notSendable
}
