using System.Globalization;
using Automation.Steps.Notifications;

namespace Automation.Steps.Tests.Notifications;

public sealed class QuietHoursTests
{
    [Theory]
    [InlineData("22:00-07:00", "UTC", "2026-01-15T23:00:00Z", "2026-01-16T07:00:00Z")]
    [InlineData("22:00-07:00", "UTC", "2026-01-15T03:00:00Z", "2026-01-15T07:00:00Z")]
    [InlineData("22:00-07:00", "UTC", "2026-01-15T07:00:00Z", null)]
    [InlineData("22:00-07:00", "UTC", "2026-01-15T12:00:00Z", null)]
    [InlineData("12:00-13:00", "UTC", "2026-01-15T12:30:00Z", "2026-01-15T13:00:00Z")]
    [InlineData("22:00-07:00", "Europe/Berlin", "2026-07-15T21:00:00Z", "2026-07-16T05:00:00Z")]
    // In this night the clocks go from 2:00 to 3:00, so 2:30 is not there.
    [InlineData("22:00-02:30", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T01:00:00Z")]
    public void They_end_when_the_clock_on_the_wall_says_so(string hours, string zone, string now, string? end) =>
        Assert.Equal(end is null ? null : At(end), QuietHours.Parse(hours, zone)!.EndAt(At(now)));

    [Theory]
    [InlineData("22:00", null)]
    [InlineData("25:00-07:00", null)]
    [InlineData("07:00-07:00", null)]
    [InlineData("22:00-07:00", "Mars/Olympus")]
    public void What_is_no_such_time_is_told(string hours, string? zone) => Assert.Throws<FormatException>(() => QuietHours.Parse(hours, zone));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
