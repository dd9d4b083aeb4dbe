"""Sentences, abstentions and the support proxy, on answers small enough to work out by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.answers.abstention import is_abstention
from workbench.answers.sentences import LONGEST, sentences
from workbench.answers.small_talk import is_small_talk
from workbench.answers.support import sentence_support, support, why_none
from workbench.records import AnswerRow

VECTORS = {"Hail is covered.": (1.0, 0.0), "Theft is not.": (0.0, 1.0), "Storms are covered.": (0.6, 0.8)}


def encode(texts):
    return np.array([VECTORS[text] for text in texts], dtype=np.float32)


def row(answer, *contexts, row_id="1"):
    return AnswerRow(row_id, "What is covered?", answer, contexts)


def test_lines_of_a_list_are_sentences_and_a_number_before_them_ends_none():
    text = "You need:\n1. A form.\n2. A photo, e.g. of glass.\nSend both."
    assert [each.text for each in sentences(text)] == [
        "You need:", "1. A form.", "2. A photo, e.g. of glass.", "Send both.",
    ]  # fmt: skip


def test_decimals_and_titles_end_no_sentence():
    assert [each.text for each in sentences("Ask Dr. Lee. It costs 2.50 today.")] == [
        "Ask Dr. Lee.",
        "It costs 2.50 today.",
    ]


def test_chinese_sentences_end_without_a_space():
    assert [each.text for each in sentences("保险包括冰雹。不包括盗窃。")] == ["保险包括冰雹。", "不包括盗窃。"]


@given(st.text(max_size=2000))
def test_sentences_are_slices_of_the_text_in_order_and_bounded(text):
    found = sentences(text)
    assert all(each.text == text[each.start : each.end] and 0 < len(each.text) <= LONGEST for each in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    covered = {place for each in found for place in range(each.start, each.end)}
    assert all(place in covered for place, letter in enumerate(text) if letter.isascii() and letter.isalnum())


@pytest.mark.parametrize(
    "answer",
    [
        "I could not find this in the documents. Please ask the help desk.",
        "Sorry, but I have no information regarding that.",
        "The documents do not contain an answer to this question.",
        "I don't know.",
        "Ich konnte dazu in den Unterlagen leider nichts finden.",
        "Je n'ai pas trouvé d'informations à ce sujet.",
        "No encontré información sobre esto.",
        "Non ho trovato informazioni su questo.",
        "Não encontrei informações sobre isso.",
        "Ik kon hierover geen informatie vinden.",
        "在文件中没有找到答案。",
        "該当する情報は見つかりませんでした。資料には記載がありません。",
    ],
)
def test_answers_that_decline_are_abstentions(answer):
    assert is_abstention(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Hail is covered.",
        "No, the excess is 250.",
        "Theft from an open garage is not covered.",
        "Theft is settled after 14 days; late notice is not mentioned.",
        "The courtesy car is not available in Leeds.",
        "The excess is 250. The documents do not say when it was raised.",
        "I have no information on swimming. However, children should never swim alone.",
        "The series are alike but the document does not state that they are rivals.",
        "You cannot claim for wear and tear.",
        "Keine Deckung besteht bei Vorsatz.",
        "I could not find the form. " + "It has many parts and each is described at length here. " * 6,
    ],
)
def test_answers_that_claim_something_are_none(answer):
    assert not is_abstention(answer)


def test_support_is_the_mean_of_cosine_and_pairs_and_rows_come_least_supported_first():
    context = "Hail is covered. Theft is not."
    whole, part = row("Hail is covered.", context, row_id="b"), row("Storms are covered.", context, row_id="a")
    first, second = support([whole, part], encode)
    # "storms are", "are covered": none of two pairs is there; cosines 0.6 and 0.8.
    assert (first.row_id, first.sentences[0].overlap, first.sentences[0].cosine) == ("a", 0.0, pytest.approx(0.8))
    assert first.support == pytest.approx(0.8 / 2)
    assert (second.row_id, second.support, second.sentences[0].context) == ("b", pytest.approx(1.0), 0)


def test_a_row_is_the_mean_over_its_sentences_and_names_the_nearest_context():
    (found,) = support([row("Hail is covered. Storms are covered.", "Theft is not.", "Hail is covered.")], encode)
    assert [each.context for each in found.sentences] == [1, 0]
    assert found.support == pytest.approx((1.0 + 0.4) / 2)
    assert [(each.start, each.end) for each in found.sentences] == [(0, 16), (17, 36)]


def test_without_an_encoder_support_is_overlap_alone():
    (found,) = support([row("Hail is excluded.", "Hail is covered.")], None)
    assert (found.support, found.sentences[0].cosine, found.sentences[0].context) == (0.5, None, 0)
    (foreign,) = support([row("Ja.", "Hail is covered.")], None)
    assert (foreign.support, foreign.sentences[0].context) == (0.0, -1)


def test_rows_without_answer_contexts_or_claims_have_none_and_say_why():
    rows = [row(None, "Text."), row("Yes."), row("I don't know.", "Text."), row("...", "Text."), row("  ", "Text.")]
    assert support(rows, None) == ()
    assert [why_none(each) for each in rows] == [
        "no answer", "no contexts", "the answer is an abstention", "no sentence in the answer", "no answer",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        "hi", "Hello there!", "thanks that's great", "Thank you very much.", "good morning", "ok thanks", "test", "Bye",
        "Danke schön!", "Vielen Dank", "Merci beaucoup", "¡Hola!", "Muchas gracias", "grazie mille", "Bom dia", "dank je wel",
        "你好", "谢谢。", "ありがとうございます",
    ],
)  # fmt: skip
def test_messages_that_ask_nothing_are_small_talk(message):
    assert is_small_talk(message)


@pytest.mark.parametrize(
    "message",
    [
        "", "?", "hi, is hail covered", "thanks but what is the excess", "test report deadline", "ok to pay?", "CF-180",
        "great crested newt", "hail", "again", "good faith", "hello fresh policy limit", "danke wo finde ich das Formular",
        "hola, ¿cubre granizo?",
        "hi " * 40,
    ],
)  # fmt: skip
def test_messages_that_ask_something_or_are_unknown_are_none(message):
    assert not is_small_talk(message)


@given(st.text(max_size=80))
def test_any_message_can_be_looked_at(message):
    assert is_small_talk(message) in {True, False}


def test_a_reply_to_small_talk_has_no_support_unless_it_claims_something():
    context = "Hail is covered."

    def reason(answer):
        return why_none(AnswerRow("1", "Thanks, that's great.", answer, (context,)))

    assert reason("You are welcome.") == "the question asks nothing"
    assert reason("You are welcome. The excess is 250.") is None
    assert reason("You are welcome. Hail is covered. Theft is covered, too.") is None
    assert support([AnswerRow("1", "hi", "Hello, ask me about forms.", (context,))], None) == ()


def test_a_swapped_name_passes_as_the_documentation_says():
    (found,) = support([row("Meier pays Kunz.", "Kunz pays Meier. Meier pays nobody but pays Kunz.")], None)
    assert found.support == 1.0


@given(st.one_of(st.none(), st.floats(-1, 1)), st.floats(0, 1))
def test_support_of_a_sentence_lies_between_0_and_1(cosine, overlap):
    assert 0 <= sentence_support(cosine, overlap) <= 1


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4), st.text(max_size=200))
def test_any_text_gives_a_number_and_a_copied_answer_has_full_overlap(contexts, answer):
    for found in support([row(answer, *contexts)], None):
        assert 0 <= found.support <= 1
    for found in support([row(answer, answer)], None):
        assert found.support == 1.0
