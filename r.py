import socket,sys
def t(port,s):
    c=socket.create_connection(("127.0.0.1",port)); c.settimeout(.5); c.send(s)
    o=b""
    try:
        while True:
            d=c.recv(4000)
            if not d: o+=b"<EOF>"; break
            o+=d
    except Exception as e: o+=b"<"+str(e).encode()+b">"
    print(s[:40],"=>",o[:300])
p=int(sys.argv[1])
t(p,b'GET /a/../b HTTP/1.1\r\nHost: localhost\r\n\r\n')
t(p,b'GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n')
t(p,b'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n')
t(p,b'GET /x HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n')
t(p,b'GET /x HTTP/1.0\r\n\r\n')
