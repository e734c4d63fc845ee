/// The slowest speed: a hundredth of a second of virtual time each second.
pub const SPEED_EXPONENT_MIN: f64 = -2.0;
/// The fastest speed: a hundred seconds of virtual time each second.
pub const SPEED_EXPONENT_MAX: f64 = 2.0;

/// The longest frame that counts, in milliseconds: a tab that was hidden for an
/// hour does not make up for it.
const FRAME_MAX_MS: f64 = 250.0;

/// Turns frames of the screen into virtual time.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    playing: bool,
    speed_exponent: f64,
    last_frame_ms: Option<f64>,
    /// Virtual time below a microsecond that is still owed.
    owed_us: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Clock {
            playing: true,
            speed_exponent: 0.0,
            last_frame_ms: None,
            owed_us: 0.0,
        }
    }
}

impl Clock {
    /// Whether time passes by itself.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Lets time pass, or stand still.
    pub fn set_playing(&mut self, playing: bool) {
        self.playing = playing;
        self.last_frame_ms = None;
    }

    /// The speed's decimal logarithm: 0 is real time, 1 ten times as fast.
    pub fn speed_exponent(&self) -> f64 {
        self.speed_exponent
    }

    /// Sets the speed by its decimal logarithm.
    pub fn set_speed_exponent(&mut self, exponent: f64) {
        if exponent.is_finite() {
            self.speed_exponent = exponent.clamp(SPEED_EXPONENT_MIN, SPEED_EXPONENT_MAX);
        }
    }

    /// Seconds of virtual time for each second.
    pub fn speed(&self) -> f64 {
        10f64.powf(self.speed_exponent)
    }

    /// How much virtual time passes with the frame painted at `now_ms`, in
    /// microseconds.
    pub fn frame(&mut self, now_ms: f64) -> u64 {
        let last_ms = self.last_frame_ms.replace(now_ms);
        let (true, Some(last_ms)) = (self.playing, last_ms) else {
            return 0;
        };
        let frame_ms = (now_ms - last_ms).clamp(0.0, FRAME_MAX_MS);
        self.owed_us += frame_ms * 1_000.0 * self.speed();
        let whole_us = self.owed_us.floor();
        self.owed_us -= whole_us;
        whole_us as u64
    }
}

/// A speed as the page writes it: `0.5×`, `1×`, `20×`.
pub fn speed_text(speed: f64) -> String {
    match speed {
        speed if speed < 0.095 => format!("{speed:.2}×"),
        speed if speed < 9.95 => {
            let text = format!("{speed:.1}");
            format!("{}×", text.strip_suffix(".0").unwrap_or(&text))
        }
        speed => format!("{speed:.0}×"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_passes_with_the_frames_at_the_chosen_speed() {
        let mut clock = Clock::default();
        assert_eq!(
            clock.frame(1_000.0),
            0,
            "the first frame only starts the clock"
        );
        assert_eq!(clock.frame(1_016.0), 16_000);
        clock.set_speed_exponent(-1.0);
        assert_eq!(clock.frame(1_026.0), 1_000);
        clock.set_playing(false);
        assert_eq!(clock.frame(2_000.0), 0);
        clock.set_playing(true);
        assert_eq!(clock.frame(9_000.0), 0, "the pause is not made up for");
    }

    #[test]
    fn a_hidden_tab_makes_up_for_a_quarter_of_a_second_at_most() {
        let mut clock = Clock::default();
        clock.frame(0.0);
        assert_eq!(clock.frame(3_600_000.0), 250_000);
    }

    #[test]
    fn slow_motion_loses_no_time_between_frames() {
        let mut clock = Clock::default();
        clock.set_speed_exponent(-2.0);
        clock.frame(0.0);
        let total: u64 = (1..=1_000).map(|ms| clock.frame(f64::from(ms))).sum();
        assert!((9_999..=10_000).contains(&total), "{total}");
    }

    #[test]
    fn speeds_read_well() {
        assert_eq!(speed_text(0.01), "0.01×");
        assert_eq!(speed_text(0.5), "0.5×");
        assert_eq!(speed_text(1.0), "1×");
        assert_eq!(speed_text(99.7), "100×");
    }
}
