from __future__ import annotations

import pytest

from stagelab.image.history import cleaned


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c #(nop) WORKDIR /app", "WORKDIR /app"),
        (
            f"/bin/sh -c #(nop) COPY dir:{'0123456789ab' + 'c' * 52} in /app ",
            "COPY dir:0123456789ab in /app",
        ),
        ("/bin/sh -c go build -o myapp", "RUN go build -o myapp"),
        ("RUN /bin/sh -c go build -o myapp # buildkit", "RUN go build -o myapp"),
        ("|2 A=1 B=x y /bin/sh -c make all", "RUN make all"),
        ("RUN |1 A=1 /bin/sh -c make all # buildkit", "RUN make all"),
        ("COPY /app/myapp . # buildkit", "COPY /app/myapp ."),
        ("EXPOSE map[53/udp:{} 8080/tcp:{}]", "EXPOSE 53/udp 8080/tcp"),
        ("RUN /myapp --test # buildkit", "RUN /myapp --test"),
        ("", ""),
    ],
)
def test_an_instruction_as_one_writes_it(raw: str, shown: str) -> None:
    assert cleaned(raw) == shown
