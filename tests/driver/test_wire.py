import os

from hypothesis import given
from hypothesis import strategies as st

from zoo.driver.result import Failure, Outcome, Promoted, SpecResult
from zoo.driver.wire import Receiver, Sender, decode, encode
from zoo.events import Advanced, Failed, Finished, Noticed, Started

text = st.text(max_size=20)
promoted = st.builds(Promoted, text, st.none() | st.integers(0, 99), text, text, st.booleans())
failures = st.builds(Failure, st.none() | st.integers(0, 99), text, text)
results = st.builds(
    SpecResult,
    text,
    st.sampled_from(Outcome),
    st.lists(promoted, max_size=3).map(tuple),
    st.lists(failures, max_size=3).map(tuple),
    st.floats(0, 1e6),
    st.lists(text, max_size=3).map(tuple),
    text,
)
messages = st.one_of(
    st.builds(Started, text, st.integers(0, 99)),
    st.builds(Advanced, text, st.integers(0, 99), text),
    st.builds(Finished, text),
    st.builds(Noticed, text, text),
    st.builds(Failed, text, text, text),
    results,
)


@given(messages)
def test_a_message_comes_out_as_it_went_in(message):
    assert decode(encode(message)) == message


@given(st.lists(messages, max_size=5), st.integers(1, 40))
def test_messages_may_arrive_in_pieces_of_any_size(sent, size):
    data, receiver = b"".join(map(encode, sent)), Receiver()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert [message for piece in pieces for message in receiver.feed(piece)] == sent


@given(st.binary(max_size=60))
def test_what_is_no_message_is_passed_over(noise):
    receiver = Receiver()
    receiver.feed(noise.replace(b"\n", b"") + b"\n")
    assert receiver.feed(encode(Finished("x"))) == [Finished("x")]


def test_a_line_that_was_cut_off_spoils_no_later_one():
    reader, writer = os.pipe()
    os.write(writer, encode(Started("cut", 3))[:9])
    Sender(writer)(Finished("whole"))
    os.close(writer)
    assert Receiver().feed(os.read(reader, 4096)) == [Finished("whole")]
    os.close(reader)


def test_a_reader_that_is_gone_stops_nobody():
    reader, writer = os.pipe()
    os.close(reader)
    Sender(writer)(Finished("unheard"))
    os.close(writer)
