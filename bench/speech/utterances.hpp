#pragma once

#include <array>
#include <span>
#include <string_view>

namespace bench {

/// What is said, and how a right transcript writes it; empty: it must be rejected.
struct Said {
  std::string_view text;
  std::string_view expected;
};

// None of these was used to choose a grammar, a threshold, or a model parameter. Change the program when it does badly
// on them, and they must be replaced by others.

inline constexpr std::array digits = {
    Said{"eight one five three", "8153"},
    Said{"six six two", "662"},
    Said{"four zero nine one three", "40913"},
    Said{"seven three nine", "739"},
    Said{"two zero two five five five zero one four three", "2025550143"},
    Said{"one eight", "18"},
    Said{"five nine zero seven", "5907"},
    Said{"three three eight two six one", "338261"},
};

inline constexpr std::array answers = {
    Said{"yes", "yes"},
    Said{"no", "no"},
    Said{"yeah", "yeah"},
    Said{"nope", "nope"},
    Said{"okay", "okay"},
    Said{"correct", "correct"},
    Said{"no thank you", "no thank you"},
    Said{"that is right", "that is right"},
    Said{"yes please", "yes please"},
    Said{"wrong", "wrong"},
};

inline constexpr std::array commands = {
    Said{"i would like to transfer money", "i would like to transfer money"},
    Said{"can i speak to an operator", "can i speak to an operator"},
    Said{"i need to change my address", "i need to change my address"},
    Said{"please find a branch", "please find a branch"},
    Said{"could you go back please", "could you go back please"},
    Said{"report a stolen card", "report a stolen card"},
    Said{"close my account", "close my account"},
    Said{"hear my last transactions", "hear my last transactions"},
    Said{"make a payment please", "make a payment please"},
    Said{"talk to a person", "talk to a person"},
    Said{"i want to open an account", "i want to open an account"},
    Said{"speak with an agent please", "speak with an agent please"},
};

/// Given to the engine as a route's phrases.
inline constexpr std::array phrases = {
    Said{"order a large pizza", "order a large pizza"},     Said{"book a table for two", "book a table for two"},
    Said{"cancel my appointment", "cancel my appointment"}, Said{"track my parcel", "track my parcel"},
    Said{"renew my prescription", "renew my prescription"}, Said{"ask about my invoice", "ask about my invoice"},
};

inline constexpr std::array foreign = {
    Said{"can you hear me now", ""},
    Said{"i am calling about the noise next door", ""},
    Said{"it is my birthday tomorrow", ""},
    Said{"hold on a second", ""},
    Said{"the cat is under the table", ""},
    Said{"we moved here last summer", ""},
    Said{"do you sell batteries", ""},
    Said{"i left my umbrella on the bus", ""},
    Said{"sorry i have the other phone", ""},
    Said{"nobody told me anything", ""},
    Said{"what time is it", ""},
    Said{"the engine makes a strange sound", ""},
    Said{"let me find my glasses", ""},
    Said{"they painted the fence green", ""},
    Said{"good morning", ""},
    Said{"there is water in the basement", ""},
};

/// Everything that synthetic voices say in one measurement.
struct Script {
  std::span<const Said> digits;
  std::span<const Said> answers;
  std::span<const Said> commands;
  std::span<const Said> phrases;
  std::span<const Said> foreign;
};

inline constexpr Script script = {digits, answers, commands, phrases, foreign};

/// A person's recording among Debian's pocketsphinx-testdata, 16 kHz, and what is said in it as above.
struct Clip {
  std::string_view file;
  std::string_view expected;
};

inline constexpr std::array human = {
    Clip{"goforward.raw", "go forward ten meters"},
    Clip{"cards/001.wav", "ten of clubs"},
    Clip{"cards/003.wav", "seven of clubs"},
    Clip{"cards/004.wav", "55"},
    Clip{"tidigits/dhd.2934z.raw", "29340"},
    Clip{"something.raw", ""},
    Clip{"cards/002.wav", ""},
    Clip{"cards/005.wav", ""},
    Clip{"librivox/sense_and_sensibility_01_austen_64kb-0870.wav", ""},
    Clip{"librivox/sense_and_sensibility_01_austen_64kb-0880.wav", ""},
    Clip{"librivox/sense_and_sensibility_01_austen_64kb-0890.wav", ""},
    Clip{"librivox/sense_and_sensibility_01_austen_64kb-0920.wav", ""},
    Clip{"librivox/sense_and_sensibility_01_austen_64kb-0930.wav", ""},
};

}  // namespace bench
