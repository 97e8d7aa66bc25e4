using Automation.Steps.Notifications;

namespace Automation.Steps.Tests.Notifications;

/// <summary>Texts that are made to fit what a channel takes.</summary>
public sealed class MessageTextTests
{
    [Theory]
    [InlineData("hello", null, "hello", null)]
    [InlineData("hello", "/1", "hello\n/1", null)]
    [InlineData("hello world", null, "hello wor…", "The text was cut: the channel takes 10 characters.")]
    [InlineData("hello world", "/1", "hello …\n/1", "The text was cut: the channel takes 10 characters.")]
    [InlineData("hello", "/a-long-link", "hello", "The link was left out: the channel takes 10 characters.")]
    [InlineData("hello world", "/a-long-link", "hello wor…", "The link was left out: the channel takes 10 characters.")]
    [InlineData("12345678\U0001F600!", null, "12345678…", "The text was cut: the channel takes 10 characters.")]
    public void What_is_too_long_loses_its_end_and_says_so(string text, string? link, string sent, string? note)
    {
        var fitting = new MessageText(10);
        Assert.Equal((sent, note), (fitting.Fit(text, link), fitting.Note));
        Assert.Equal(note is null, fitting.Fits(text, link));
    }
}
