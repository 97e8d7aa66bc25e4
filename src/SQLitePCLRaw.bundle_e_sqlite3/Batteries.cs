namespace SQLitePCL;

/// <summary>The entry point that <c>Microsoft.Data.Sqlite</c> looks for by reflection before its first call.</summary>
public static class Batteries_V2
{
    /// <summary>Does nothing: the binding resolves the system's SQLite on first use.</summary>
    public static void Init()
    {
    }
}
