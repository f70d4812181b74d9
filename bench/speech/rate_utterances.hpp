#pragma once

#include "utterances.hpp"

/// What is said for the table of rates: other sentences, since those of utterances.hpp showed that wideband speech
/// needs the telephone's band, and helped to choose it among three ways.
namespace bench::at_rates {

inline constexpr std::array digits = {
    Said{"two nine six four", "2964"},
    Said{"one one seven", "117"},
    Said{"eight three zero five six", "83056"},
    Said{"four four nine", "449"},
    Said{"three one two five five five zero one eight seven", "3125550187"},
    Said{"six zero", "60"},
    Said{"nine two eight one", "9281"},
    Said{"seven five three zero four nine", "753049"},
};

inline constexpr std::array answers = {
    Said{"yes", "yes"},
    Said{"no", "no"},
    Said{"yep", "yep"},
    Said{"sure", "sure"},
    Said{"no thanks", "no thanks"},
    Said{"that is wrong", "that is wrong"},
    Said{"correct", "correct"},
    Said{"okay", "okay"},
};

inline constexpr std::array commands = {
    Said{"i want to check my account balance", "i want to check my account balance"},
    Said{"please pay my bill", "please pay my bill"},
    Said{"i need to report a lost card", "i need to report a lost card"},
    Said{"can i talk to a person", "can i talk to a person"},
    Said{"i would like to reset my password", "i would like to reset my password"},
    Said{"opening hours please", "opening hours please"},
    Said{"could you repeat that", "could you repeat that"},
    Said{"i want to transfer money", "i want to transfer money"},
    Said{"main menu", "main menu"},
    Said{"speak to an operator please", "speak to an operator please"},
};

inline constexpr std::array phrases = {
    Said{"change my delivery date", "change my delivery date"},
    Said{"rent a bicycle", "rent a bicycle"},
    Said{"return my order", "return my order"},
    Said{"visit the museum", "visit the museum"},
    Said{"repair my washing machine", "repair my washing machine"},
    Said{"join the waiting list", "join the waiting list"},
};

inline constexpr std::array foreign = {
    Said{"the train leaves from the other platform", ""},
    Said{"did you see the football last night", ""},
    Said{"my brother lives in canada", ""},
    Said{"just a moment please", ""},
    Said{"i forgot what i wanted to say", ""},
    Said{"the soup is still hot", ""},
    Said{"who is speaking", ""},
    Said{"it has been raining since monday", ""},
    Said{"turn the radio down", ""},
    Said{"we should paint the kitchen", ""},
    Said{"happy new year", ""},
    Said{"the dog is barking again", ""},
};

inline constexpr Script script = {digits, answers, commands, phrases, foreign};

}  // namespace bench::at_rates
