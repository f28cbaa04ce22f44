/// Files of Paho gateways, with the keys that its documentation shows.
enum PahoExamples {
    static let shipped = """
        #*****************
        # config file of MQTT-SN Gateway
        #
        GatewayID=1
        GatewayName=PahoGateway-01
        MaxNumberOfClients=30
        KeepAlive=60
        #LoginID=your_ID
        #Password=your_Password

        BrokerName=mqtt.example
        BrokerPortNo=1883
        BrokerSecurePortNo=8883

        AggregatingGateway=NO
        QoS-1=NO
        Forwarder=NO
        PredefinedTopic=NO
        ClientAuthentication=NO

        ClientsList=/path/to/your_clients.conf
        PredefinedTopicList=/path/to/your_predefinedTopic.conf

        # UDP | DTLS
        GatewayPortNo=10000
        MulticastPortNo=1883
        MulticastIP=225.1.1.1
        MulticastTTL=1

        # UDP6 | DTLS6
        GatewayIPv6PortNo=10000
        MulticastIPv6PortNo=1883
        MulticastIPv6=ff1e:feed:caca:dead::1
        MulticastIPv6If=wlp4s0
        MulticastHops=1

        # DTLS | DTLS6
        DtlsCertsKey=/etc/ssl/certs/gateway.pem
        DtlsPrivKey=/etc/ssl/private/privkey.pem

        # XBee
        Baudrate=38400
        SerialDevice=/dev/ttyUSB0
        ApiMode=2

        # LoRaLink
        BaudrateLoRaLink=115200
        DeviceRxLoRaLink=/dev/loralinkRx
        DeviceTxLoRaLink=/dev/loralinkTx

        # Bluetooth RFCOMM
        RFCOMMAddress=60:57:18:06:8B:72.*

        # LOG
        ShearedMemory=NO
        """

    static let radio = #"""
        GatewayID=12
        MaxNumberOfClients=100
        KeepAlive=900
        LoginID=farm
        Password=p"a\ss=word#1
        BrokerName=broker.farm.example
        BrokerPortNo=1883
        RootCAfile=/etc/ssl/certs/ca-certificates.crt
        PrivateKey=/etc/ssl/private/gateway.pem
        Forwarder=YES
        QoS-1=NO
        Baudrate=38400
        SerialDevice=/dev/ttyUSB0
        ApiMode=2
        ShearedMemory=YES
        """#

    static let lists = """
        GatewayID=3
        BrokerName=127.0.0.1
        BrokerPortNo=99999
        AggregatingGateway=YES
        QoS-1=YES
        Forwarder=YES
        PredefinedTopic=YES
        ClientAuthentication=YES
        ClientsList=/etc/paho/clients.conf
        PredefinedTopicList=/etc/paho/predefinedTopic.conf
        GatewayPortNo=10000
        MulticastPortNo=1883
        MulticastIP=225.1.1.1
        MulticastTTL=3
        """

    static let clients = """
        # ClientId, SensorNetAddress, words
        GatewayTester, 172.16.1.11:20020
        Client02,172.16.1.11:12002,unstableLine,secureConnection
        QoS-1_Client03,172.16.1.11:20003,QoS-1
        Forwarder01,172.16.1.11:22002,forwarder
        Forwarder02,172.16.1.11:22003,forwarder
        Forwarder03,172.16.1.12:22004,unstableLine,forwarder
        """

    static let topics = """
        # ClientID, TopicName, TopicID
        *,ty4tw/predefinedTopic1, 1
        GatewayTestClientWithALongName,ty4tw/predefinedTopic2, 2
        *,again,1
        *,bad/#,4
        *,zero,0
        QoS-1_Client03,ty4tw/proxy/predefTopic4, 1
        """

    static let older =
        "# config file\r\nBrokerName=192.0.2.1\r\nBrokerPortNo=1884\r\nAggregateGateway=NO\r\nQoS-1=NO\r\n"
        + "OoS-1ProxyName=Proxy007\r\n\tForwarder=YES\r\nForwardersList=/etc/forwarders.conf\r\nGatewayID = 7 \r\n"
        + "MaxNumberOfClients=50;\r\nPredefinedTopic=NO\r\nGatewayPortNo=10000\r\nMulticastIP=225.1.1.1\r\n"
        + "MulticastPortNo=1883\r\nShearedMemory=NO;\r\n"
}
