"""In front of the site: proxy, authority, middleware; they ask the engine and do what it says."""
