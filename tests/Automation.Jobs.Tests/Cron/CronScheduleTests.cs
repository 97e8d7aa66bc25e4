using System.Globalization;

namespace Automation.Jobs.Tests.Cron;

public sealed class CronScheduleTests
{
    private const string Berlin = "Europe/Berlin";

    [Theory]
    [InlineData("30 2 * * *", Berlin, "2025-03-29 00:00", "2025-03-29 01:30,2025-03-30 01:00,2025-03-31 00:30")]
    [InlineData("*/30 2 * * *", Berlin, "2025-03-29 12:00", "2025-03-30 01:00,2025-03-31 00:00,2025-03-31 00:30")]
    [InlineData("30 2 * * *", Berlin, "2025-10-25 00:00", "2025-10-25 00:30,2025-10-26 00:30,2025-10-27 01:30")]
    [InlineData("*/30 * * * *", Berlin, "2025-10-25 23:45", "2025-10-26 00:00,2025-10-26 00:30,2025-10-26 01:00,2025-10-26 01:30,2025-10-26 02:00")]
    [InlineData("0 */2 * * *", Berlin, "2025-10-25 22:30", "2025-10-26 00:00,2025-10-26 01:00,2025-10-26 03:00,2025-10-26 05:00")]
    [InlineData("*/30 * * * *", Berlin, "2025-03-30 00:15", "2025-03-30 00:30,2025-03-30 01:00,2025-03-30 01:30")]
    [InlineData("30 2 * * *", Berlin, "2025-10-26 01:10", "2025-10-27 01:30")]
    [InlineData("30 2 * * *", "America/New_York", "2025-03-08 12:00", "2025-03-09 07:00,2025-03-10 06:30")]
    [InlineData("30 1 * * *", "America/New_York", "2025-11-01 12:00", "2025-11-02 05:30,2025-11-03 06:30")]
    [InlineData("*/30 1 * * *", "America/New_York", "2025-11-02 00:00", "2025-11-02 05:00,2025-11-02 05:30,2025-11-02 06:00,2025-11-02 06:30,2025-11-03 06:00")]
    [InlineData("15 2 * * *", "Australia/Lord_Howe", "2025-10-03 20:00", "2025-10-04 15:30,2025-10-05 15:15")]
    [InlineData("45 1 * * *", "Australia/Lord_Howe", "2025-04-04 20:00", "2025-04-05 14:45,2025-04-06 15:15")]
    [InlineData("0 0 13 * 5", "UTC", "2025-01-01 00:00", "2025-06-13 00:00,2026-02-13 00:00,2026-03-13 00:00")]
    [InlineData("0 0 LW * *", "UTC", "2025-05-01 00:00", "2025-05-30 00:00,2025-06-30 00:00,2025-07-31 00:00")]
    [InlineData("0 0 15W * *", "UTC", "2025-02-01 00:00", "2025-02-14 00:00,2025-03-14 00:00,2025-04-15 00:00")]
    [InlineData("0 0 1W * *", "UTC", "2025-02-01 00:00", "2025-02-03 00:00,2025-03-03 00:00")]
    [InlineData("0 0 L-3 * *", "UTC", "2025-02-01 00:00", "2025-02-25 00:00,2025-03-28 00:00")]
    [InlineData("0 0 ? * 5L", "UTC", "2025-02-01 00:00", "2025-02-28 00:00,2025-03-28 00:00")]
    [InlineData("0 0 * * MON#1", "UTC", "2025-02-01 00:00", "2025-02-03 00:00,2025-03-03 00:00")]
    [InlineData("0 22-2 * * *", "UTC", "2025-02-01 00:00", "2025-02-01 01:00,2025-02-01 02:00,2025-02-01 22:00,2025-02-01 23:00,2025-02-02 00:00")]
    [InlineData("5/15 * * * *", "UTC", "2025-02-01 00:00", "2025-02-01 00:05,2025-02-01 00:20,2025-02-01 00:35,2025-02-01 00:50")]
    [InlineData("0 0 29 2 *", "UTC", "2025-01-01 00:00", "2028-02-29 00:00,2032-02-29 00:00")]
    [InlineData("0 0 L * *", "UTC", "2027-12-31 12:00", "2028-01-31 00:00,2028-02-29 00:00")]
    [InlineData("0 0 * nov-feb fri-MON", "UTC", "2025-02-28 12:00", "2025-11-01 00:00,2025-11-02 00:00,2025-11-03 00:00,2025-11-07 00:00")]
    [InlineData("0 0 * * 7", "UTC", "2025-02-01 00:00", "2025-02-02 00:00,2025-02-09 00:00")]
    [InlineData("@weekly", "UTC", "2025-02-01 00:00", "2025-02-02 00:00,2025-02-09 00:00")]
    [InlineData("@yearly", "UTC", "2025-02-01 00:00", "2026-01-01 00:00")]
    [InlineData("59 59 23 31 12 ?", "UTC", "2025-02-01 00:00", "2025-12-31 23:59:59")]
    [InlineData("*/20 * * * * *", "UTC", "2025-02-01 23:59:40", "2025-02-02 00:00:00,2025-02-02 00:00:20")]
    public void Occurrences_follow_one_another(string expression, string zone, string after, string expected)
    {
        var schedule = CronSchedule.Parse(expression);
        var moment = Utc(after);
        foreach (var text in expected.Split(','))
        {
            var next = schedule.Next(moment, TimeZoneInfo.FindSystemTimeZoneById(zone));
            Assert.Equal(Utc(text), next);
            moment = next!.Value;
        }
    }

    [Theory]
    [InlineData("60 * * * *", "minutes")]
    [InlineData("H * * * *", "minutes")]
    [InlineData("@reboot", "@reboot")]
    [InlineData("0 0 * JANUARY *", "month")]
    [InlineData("0 0 1,15W * *", "day of month")]
    [InlineData("0 0 * * 5#6", "day of week")]
    [InlineData("1,*/30 * * * *", "minutes")]
    [InlineData("0 0 * *", "4")]
    [InlineData("", "0")]
    [InlineData("0 24 * * *", "hours")]
    [InlineData("0 0 0 * *", "day of month")]
    [InlineData("*/0 * * * *", "minutes")]
    [InlineData("0 0 * 13 *", "month")]
    [InlineData("99999999999 * * * *", "minutes")]
    public void A_text_that_is_no_expression_is_refused_with_the_field(string expression, string named)
    {
        Assert.False(CronSchedule.TryParse(expression, out _, out var error));
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_date_that_never_comes_has_no_occurrence() =>
        Assert.Null(CronSchedule.Parse("0 0 31 2 *").Next(Utc("2025-01-01 00:00")));

    [Fact]
    public void The_moment_itself_is_excluded_and_fractions_count()
    {
        var schedule = CronSchedule.Parse("* * * * * *");
        var whole = Utc("2025-01-01 00:00");
        Assert.Equal(whole.AddSeconds(1), schedule.Next(whole));
        Assert.Equal(whole.AddSeconds(1), schedule.Next(whole.AddMilliseconds(1)));
        Assert.Equal(whole, schedule.Next(whole.AddTicks(-1)));
    }

    [Fact]
    public void A_year_of_hours_has_every_hour_once_whatever_the_clocks_do()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(Berlin);
        var start = Utc("2025-01-01 00:00");
        var hours = CronSchedule.Parse("0 * * * *").Between(start, start.AddYears(1), zone).ToList();
        Assert.Equal(365 * 24, hours.Count);
        Assert.Equal(hours, Enumerable.Range(1, 365 * 24).Select(h => start.AddHours(h)));
    }

    private static DateTimeOffset Utc(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
